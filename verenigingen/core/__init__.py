"""Pure analysis: values in, values out; standard library, numpy and scipy only."""
