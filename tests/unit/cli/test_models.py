from apnp.cli import main
from apnp.cli.models import table


def test_every_backbone_is_listed_with_the_groups_that_it_keeps(capsys):
    assert main(["models"]) == 0
    text = capsys.readouterr().out
    for name in ("convcnp", "local_tnp", "tnp", "rcnp", "rotations", "rigid_motions"):
        assert name in text
    rows = table().set_index(["backbone", "geometry", "group"])
    assert ("convcnp", "sphere", "longitude_shifts") in rows.index
    assert ("convcnp", "sphere", "rotations") not in rows.index
    for geometry in ("plane", "sphere"):
        assert ("relaxed_convcnp", geometry) in rows.index.droplevel("group")
    assert rows.loc["equivcnp"].index.tolist() == [("plane", "rigid_motions")]
    exact = rows.loc[("equivcnp", "plane", "rigid_motions"), "exact for"]
    assert "90 degrees" in exact
    assert (
        "every shift"
        in rows.loc[("convcnp", "sphere", "longitude_shifts"), "exact for"]
    )
    assert rows.loc[("tnp", "plane", "none"), "exact for"] == "every element"
    cnp = rows.loc["cnp"]
    assert set(cnp.index) == {("plane", "none"), ("sphere", "none")}
    assert set(cnp["approximate"]) == {"none"}
    rows = rows[rows["approximate"] != "none"]
    strict, approximate = (
        rows[form].str.replace(",", "").astype(int)
        for form in ("strict", "approximate")
    )
    assert (strict < approximate).all()
