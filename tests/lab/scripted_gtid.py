# SPDX-License-Identifier: MIT
"""GTID sets of MySQL, just enough to answer GTID_SUBSET() and its relatives."""


class GtidSet:
    """{"uuid" or "uuid:tag": set of numbers}. Meant for the small sets of tests."""

    def __init__(self, text=""):
        self._numbers = {}
        for part in filter(None, "".join((text or "").split()).split(",")):
            uuid, *rest = part.lower().split(":")
            key = uuid
            for item in rest:
                if not item[0].isdigit():
                    key = f"{uuid}:{item}"
                    continue
                first, _, last = item.partition("-")
                self._numbers.setdefault(key, set()).update(range(int(first), int(last or first) + 1))

    def is_in(self, other):
        return all(numbers <= other._numbers.get(key, set()) for key, numbers in self._numbers.items())

    def minus(self, other):
        left = GtidSet()
        for key, numbers in self._numbers.items():
            rest = numbers - other._numbers.get(key, set())
            if rest:
                left._numbers[key] = rest
        return left

    def __str__(self):
        return ",\n".join(f"{key}:{':'.join(_intervals(numbers))}" for key, numbers in sorted(self._numbers.items()))


def _intervals(numbers):
    found = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return [str(first) if first == last else f"{first}-{last}" for first, last in found]
