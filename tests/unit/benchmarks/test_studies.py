import pytest
from studies import replaced

MARK = "<!-- made by benchmarks/studies.py: gibbs -->"


def test_a_table_takes_the_place_of_the_former_one():
    document = f"# Results\n\n{MARK}\nold\n{MARK}\n\nafter\n"
    made = replaced(document, "gibbs", "## gibbs-1d\n\n### In\n\n| a |\n")
    assert made == (
        f"# Results\n\n{MARK}\n### gibbs-1d\n\n#### In\n\n| a |\n{MARK}\n\nafter\n"
    )
    assert replaced(made, "gibbs", "## gibbs-1d\n\n### In\n\n| a |\n") == made
    with pytest.raises(SystemExit, match="no two marks"):
        replaced(document, "smoke", "")
