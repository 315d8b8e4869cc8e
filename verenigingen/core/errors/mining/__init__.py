"""Which messages without traceback say the same: a log template miner of our own, with one setting for all logs."""

from __future__ import annotations

from .miner import FORMS_LIMIT, Miner, Template, mine, mine_templates
from .unions import Union, message_of, unions

__all__ = ["FORMS_LIMIT", "Miner", "Template", "Union", "message_of", "mine", "mine_templates", "unions"]
