"""Who of those free takes which place in work for several people."""

from __future__ import annotations

from collections.abc import Sequence

from simkit.teams.people import Person


def matched(places: Sequence[Sequence[Person]]) -> list[Person] | None:
    """One different person for each place, or None; `places` lists for each who could take it, best first.

    Earlier places choose first and give way only where another could not be filled otherwise (augmenting paths,
    Kuhn 1955).
    """
    taken: dict[int, tuple[Person, int]] = {}

    def seat(place: int, tried: set[int]) -> bool:
        for person in places[place]:
            if person.number not in taken:
                taken[person.number] = (person, place)
                return True
        for person in places[place]:
            if person.number not in tried:
                tried.add(person.number)
                if seat(taken[person.number][1], tried):
                    taken[person.number] = (person, place)
                    return True
        return False

    if not all(seat(place, set()) for place in range(len(places))):
        return None
    seated = {place: person for person, place in taken.values()}
    return [seated[place] for place in range(len(places))]
