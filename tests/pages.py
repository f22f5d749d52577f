"""Pages with sections that the code writes: between `<!-- name -->` and `<!-- end of name -->`."""

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
LITERAL = re.compile(r"`(test_\w+)`")


def section(page: Path, name: str) -> str:
    """What stands between the two markers of a section."""
    text = page.read_text(encoding="utf-8")
    return text.split(f"<!-- {name} -->\n")[1].split(f"<!-- end of {name} -->")[0].rstrip("\n")


def renew(page: Path, sections: Mapping[str, Callable[[], str]]) -> None:
    """Write the sections as the code has them now; for `PYTHONPATH=tests python tests/.../test_readme.py --renew`."""
    if sys.argv[1:] != ["--renew"]:
        sys.exit(f"usage: PYTHONPATH=tests python {sys.argv[0]} --renew")
    text = page.read_text(encoding="utf-8")
    for name, make in sections.items():
        before, rest = text.split(f"<!-- {name} -->\n")
        text = f"{before}<!-- {name} -->\n{make()}\n<!-- end of {name} -->" + rest.split(f"<!-- end of {name} -->")[1]
    page.write_text(text, encoding="utf-8")


def claims_without_test(page: Path) -> list[str]:
    """Tests that a page names and that are not there."""
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = LITERAL.findall(page.read_text(encoding="utf-8"))
    assert len(named) > 5
    return [name for name in named if f"def {name}(" not in tests]
