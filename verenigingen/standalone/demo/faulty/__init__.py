"""Association code with bugs left in on purpose: calling it raises the errors of the demo site.

In a traceback its files read `apps/verenigingen_demo/verenigingen_demo/<module>.py`, as an app in a bench would. Nothing
outside the demo may import it.
"""
