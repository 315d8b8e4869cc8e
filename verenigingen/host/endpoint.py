"""The door's decorator: who may enter, with which arguments, and what leaves.

Order matters: role first, then arguments, then the access trace, then work; a stranger learns nothing from an
argument error. Modules that use it must not import `annotations` from `__future__`: the checks read real types.
"""

import functools
import hashlib
import inspect
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from verenigingen.exceptions import BadArgument, MonitoringError, NotPermitted
from verenigingen.host import current_host, raise_to_caller, whitelist
from verenigingen.host.port import Host, User
from verenigingen.settings import resolve

READ = ("GET", "POST")  # Frappe's own clients read by POST unless told otherwise
WRITE = ("POST",)
LARGEST = 10**30  # numbers beyond it are in no range

Ranges = Mapping[str, tuple[float, float, str]]


@dataclass(frozen=True, slots=True)
class Endpoint:
	"""What the registry knows of one door."""

	path: str
	function: Callable[..., Any]
	roles: tuple[str, ...]
	guest: bool
	methods: tuple[str, ...]
	ranges: Ranges


REGISTRY: dict[str, Endpoint] = {}


def endpoint(
	*,
	roles: tuple[str, ...] = ("System Manager",),
	guest: bool = False,
	methods: tuple[str, ...] = READ,
	cache: str = "",
	ranges: Ranges | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
	"""Makes a function callable from outside, in both hosts.

	roles: any one of them lets the user in; guest: everybody may call, unlogged. methods: HTTP methods allowed.
	cache: a key prefix ("analytics_", "optimization_") when the result may be kept for `api_ttl` seconds.
	ranges: per numeric argument its lowest and highest value and unit; anything else is refused by name.
	"""

	def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
		path = f"{function.__module__}.{function.__name__}"
		signature = inspect.signature(function)

		@functools.wraps(function)
		def door(*args: Any, **kwargs: Any) -> Any:
			host = current_host()
			try:
				user = host.access.user()
				if not guest:
					_admit(user, roles)
				arguments = _arguments(path, signature, ranges or {}, args, kwargs)
				if not guest:
					host.access.log(path, arguments)
				return _answer(host, path, cache, arguments, lambda: function(**arguments))
			except MonitoringError as error:
				raise_to_caller(error)
				raise

		# Frappe would check annotations before our role check, and its message names no range.
		door.__annotations__ = {}
		exposed = whitelist(door, guest=guest, methods=methods)
		REGISTRY[path] = Endpoint(path, exposed, () if guest else roles, guest, methods, ranges or {})
		return exposed

	return decorate


def _admit(user: User, roles: tuple[str, ...]) -> None:
	if user.roles.isdisjoint(roles):
		raise NotPermitted(f"{user.name} has none of the roles this needs: {', '.join(roles)}.")


def _answer(host: Host, path: str, prefix: str, arguments: dict[str, Any], work: Callable[[], Any]) -> Any:
	seconds = int(resolve("api_ttl", host.config.get)) if prefix else 0
	if not seconds:
		return json_safe(work())
	digest = hashlib.sha256(json.dumps(arguments, sort_keys=True, default=str).encode()).hexdigest()[:16]
	key = f"{prefix}{path}:{digest}"
	kept = host.cache.get(key)
	if kept is not None:
		return kept
	result = json_safe(work())
	host.cache.put(key, result, seconds)
	return result


def _arguments(
	path: str, signature: inspect.Signature, ranges: Ranges, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
	try:
		bound = signature.bind(*args, **kwargs)
	except TypeError as exc:
		known = ", ".join(signature.parameters) or "none"
		raise BadArgument(f"{path}: {exc}. Arguments: {known}.") from exc
	checked = {}
	for name, value in bound.arguments.items():
		parameter = signature.parameters[name]
		if value is None and parameter.default is None:
			continue
		checked[name] = _checked(path, name, parameter.annotation, value, ranges.get(name))
	return checked


def _checked(path: str, name: str, kind: Any, value: Any, allowed: tuple[float, float, str] | None) -> Any:
	wanted = [t for t in getattr(kind, "__args__", (kind,)) if t is not type(None)]
	if wanted == [str]:
		if not isinstance(value, str):
			raise BadArgument(f"{name} must be text, not {_shown(value)}.")
		return value
	if wanted == [bool]:
		if value in (True, False, "0", "1", "true", "false", "True", "False"):
			return value in (True, "1", "true", "True")
		raise BadArgument(f"{name} must be true or false, not {_shown(value)}.")
	number = _number(value, whole=wanted == [int])
	if number is None or (allowed and not allowed[0] <= number <= allowed[1]):
		raise BadArgument(_range_message(path, name, wanted == [int], value, allowed))
	return number


def _number(value: Any, *, whole: bool) -> int | float | None:
	if isinstance(value, bool) or not isinstance(value, int | float | str):
		return None
	# Python would read 1_0 and digits of every script, and refuses to convert numbers of thousands of digits
	if isinstance(value, str) and (len(value) > 40 or "_" in value or not value.isascii()):
		return None
	if isinstance(value, int) and abs(value) > LARGEST:
		return None
	try:
		number = float(value)
	except ValueError:
		return None
	if not math.isfinite(number) or (whole and number != int(number)):
		return None
	return int(number) if whole else number


def _range_message(
	path: str, name: str, whole: bool, value: Any, allowed: tuple[float, float, str] | None
) -> str:
	kind = "a whole number" if whole else "a number"
	between = f" from {allowed[0]:g} to {allowed[1]:g} ({allowed[2]})" if allowed else ""
	message = f"{name} must be {kind}{between}, not {_shown(value)}."
	if value == name:
		# `--args "{'days': 7}"`: bench unpacks the dict to its keys, so the name arrives as the value.
		message += (
			f" `bench execute --args` takes a list of values: use"
			f' `bench execute {path} --kwargs "{{\'{name}\': 7}}"` or `--args "[7]"`.'
		)
	return message


def _shown(value: Any) -> str:
	if isinstance(value, int) and abs(value) > LARGEST:
		return "a number of more than 30 digits"
	text = repr(value)
	return text if len(text) <= 60 else text[:57] + "..."


def json_safe(value: Any) -> Any:
	"""The value with string keys, ISO-8601 times and no NaN or infinity (they become null: nothing was measured)."""
	if isinstance(value, Mapping):
		return {str(key): json_safe(item) for key, item in value.items()}
	if isinstance(value, list | tuple | set | frozenset):
		return [json_safe(item) for item in value]
	if isinstance(value, datetime | date):
		return value.isoformat()
	if hasattr(value, "item") and not isinstance(value, str | bytes):  # numpy scalars
		value = value.item()
	if isinstance(value, float) and not math.isfinite(value):
		return None
	return value
