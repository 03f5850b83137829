import numpy as np
import pytest

from apnp.errors import DataError
from apnp.plotting.cells import columns, rows


@pytest.mark.parametrize(
    "lon",
    [
        np.arange(-179.5, 180),  # cell centres, edges on the date line
        np.arange(0.0, 360, 2.5),  # a column across the date line
        np.arange(359.0, 0, -2.0),  # falling
        np.arange(-178.9, 181, 1.0),  # edges just off the date line, to its west
        np.arange(-179.4, 180, 1.0),  # and to its east
        np.arange(-180.0, 181, 20.0),  # the first column repeated at the end
    ],
)
def test_a_global_field_is_drawn_from_date_line_to_date_line(lon):
    axis = columns(lon)
    assert axis.edges[0] == -180
    assert axis.edges[-1] == 180
    assert (np.diff(axis.edges) > 0).all()
    # Each drawn cell lies within half a step of the longitude whose value it shows.
    step = abs(lon[1] - lon[0])
    middle = (axis.edges[1:] + axis.edges[:-1]) / 2
    away = (middle - lon[axis.index] + 180) % 360 - 180
    assert np.abs(away).max() <= step / 2 + 1e-9
    for edge, centre in ((axis.edges[:-1], -0.5), (axis.edges[1:], 0.5)):
        off = (lon[axis.index] + centre * step - edge + 180) % 360 - 180
        assert np.abs(off[1:-1]).max() < 1e-9
    assert set(axis.index) == set(range(len(lon))) - ({18} if len(lon) == 19 else set())


def test_a_regional_field_keeps_its_range_also_across_the_date_line():
    axis = columns(np.arange(170.5, 190))
    np.testing.assert_allclose(axis.edges, np.arange(170.0, 191))
    np.testing.assert_array_equal(axis.index, np.arange(20))


def test_rows_rise_and_end_at_the_poles():
    axis = rows(np.array([90.0, 30.0, -30.0, -90.0]))
    np.testing.assert_array_equal(axis.edges, [-90, -60, 0, 60, 90])
    np.testing.assert_array_equal(axis.index, [3, 2, 1, 0])


def test_thinning_keeps_the_range_and_takes_the_middle_of_each_block():
    axis = columns(np.arange(0.5, 11)).thinned(4)
    np.testing.assert_array_equal(axis.index, [1, 4, 7, 10])
    np.testing.assert_allclose(axis.edges, [0, 3, 6, 9, 11])
    whole = columns(np.arange(0.5, 11)).thinned(11)
    np.testing.assert_array_equal(whole.index, np.arange(11))


def test_axes_out_of_order_are_refused():
    with pytest.raises(DataError, match=r"`lat` of a field .* only rise"):
        rows(np.array([1.0, 3.0, 2.0]))
    with pytest.raises(DataError, match="two or more values"):
        columns(np.array([1.0]))
