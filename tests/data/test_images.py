import contextlib
import io
import os
import struct
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from picture_folders import fill, picture
from PIL import Image
from siamdoctor.data.image_shape import target_for
from siamdoctor.data.images import (
    ImageShape,
    largest_value,
    read_image,
    read_resized,
    resized,
    stored_shape,
    thumbnail,
    thumbnail_of_pixels,
)
from siamdoctor.data.reading import read_samples
from siamdoctor.errors import UnreadableData

GREY = np.array([[0, 85], [170, 255]], dtype=np.uint8)


def saved(tmp_path, image, name="x.png"):
    image.save(tmp_path / name)
    return tmp_path / name


def test_grey_becomes_colour_by_repetition(tmp_path):
    path = saved(tmp_path, Image.fromarray(GREY))
    assert np.array_equal(read_image(path, 1)[..., 0], GREY)
    assert np.array_equal(read_image(path, 3), np.repeat(GREY[..., None], 3, axis=-1))
    assert stored_shape(path) == (2, 2, 1)


def test_colour_becomes_grey_by_luma(tmp_path):
    path = saved(tmp_path, Image.new("RGB", (2, 2), (200, 100, 50)))
    assert read_image(path, 1).max() == pytest.approx(0.299 * 200 + 0.587 * 100 + 0.114 * 50, abs=1)


def test_transparency_is_dropped_or_added_as_asked(tmp_path):
    clear = saved(tmp_path, Image.new("RGBA", (2, 2), (200, 100, 50, 0)))
    assert read_image(clear, 3)[0, 0].tolist() == [200, 100, 50]
    opaque = saved(tmp_path, Image.new("RGB", (2, 2), (1, 2, 3)), "y.png")
    assert read_image(opaque, 4)[0, 0].tolist() == [1, 2, 3, 255]


def test_palette_images_are_read_as_their_colours(tmp_path):
    path = saved(tmp_path, picture(3, mode="RGB").quantize(16))
    with Image.open(path) as image:
        assert image.mode == "P"
        assert np.array_equal(read_image(path, 3), np.asarray(image.convert("RGB")))


def test_one_bit_images_are_0_and_255(tmp_path):
    path = saved(tmp_path, Image.fromarray(GREY > 100))
    assert set(np.unique(read_image(path, 1))) == {0, 255}


def test_sixteen_bit_grey_keeps_its_scale(tmp_path):
    deep = np.array([[0, 1000], [30000, 65535]], dtype=np.uint16)
    path = saved(tmp_path, Image.fromarray(deep))
    assert np.array_equal(read_image(path, 1)[..., 0], deep)
    assert np.array_equal(read_image(path, 3)[..., 2], deep)
    with Image.open(io.BytesIO(thumbnail(path))) as small:
        assert np.asarray(small).max() == 255


def test_of_a_moving_picture_the_first_frame_is_read(tmp_path):
    frames = [Image.new("L", (4, 4), v) for v in (10, 200)]
    frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:])
    assert read_image(tmp_path / "x.gif", 1).max() == 10


def huge_png(width, height):
    """A file of a few bytes that declares an enormous picture."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(8000, 8000), (10_000, 10_000), (60_000, 60_000)])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path, size):
    path = tmp_path / "bomb.png"
    path.write_bytes(huge_png(*size))
    began = time.perf_counter()
    with pytest.raises(UnreadableData, match="larger than 50 megapixels"):
        read_image(path, 1)
    assert time.perf_counter() - began < 0.5


def test_a_chunk_that_declares_more_than_memory_is_damage(tmp_path, monkeypatch):
    path = saved(tmp_path, Image.fromarray(GREY))

    def ask_for_too_much(*_):
        raise MemoryError

    monkeypatch.setattr(Image.Image, "convert", ask_for_too_much)
    with pytest.raises(UnreadableData, match="truncated or damaged"):
        read_image(path, 3)


def test_of_a_large_picture_only_what_is_used_becomes_floats(tmp_path):
    path = saved(tmp_path, Image.new("RGB", (5000, 4000), (9, 8, 7)))
    tracemalloc.start()
    assert read_resized(path, ImageShape(8, 8, 3)).max() == 9
    assert largest_value(path) == 9
    assert tracemalloc.get_traced_memory()[1] < 150e6  # as floats it would be 240 MB
    tracemalloc.stop()


def test_a_pipe_called_picture_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.png")
    with pytest.raises(UnreadableData, match="not a file"):
        read_image(tmp_path / "x.png", 1)


def test_postscript_is_never_handed_to_its_decoder(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n")
    with pytest.raises(UnreadableData, match="not an image of a known kind"):
        read_image(path, 1)


def test_the_reason_says_what_is_wrong(tmp_path):
    with pytest.raises(UnreadableData, match=r"does not exist.*Received: image="):
        read_image(tmp_path / "missing.png", 1)
    path = saved(tmp_path, picture(1, (50, 50)))
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(UnreadableData, match="truncated"):
        read_image(path, 1)
    assert thumbnail(path) == b""


@pytest.mark.parametrize("cut", range(8, 400, 7))
def test_a_file_cut_anywhere_raises_nothing_else(tmp_path, cut):
    for name in ("x.png", "x.gif", "x.bmp", "x.tif"):
        path = saved(tmp_path, picture(1, (40, 40)), name)
        path.write_bytes(path.read_bytes()[:cut])
        with contextlib.suppress(UnreadableData):
            assert read_image(path, 1).shape == (40, 40, 1)


def test_resizing_interpolates_between_half_pixel_centres():
    ramp = np.arange(4, dtype=np.float32).reshape(1, 4, 1)
    assert resized(ramp, 1, 2)[0, :, 0].tolist() == [0.5, 2.5]
    assert resized(ramp, 1, 8)[0, :, 0].tolist() == [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]
    assert resized(ramp, 3, 4)[:, :, 0].tolist() == [[0, 1, 2, 3]] * 3


def test_resizing_equals_what_tensorflow_does():
    tf = pytest.importorskip("tensorflow")
    image = np.random.default_rng(0).random((17, 23, 3)).astype(np.float32)
    for size in ((9, 30), (40, 8), (17, 23), (1, 1)):
        assert np.allclose(resized(image, *size), tf.image.resize(image, size).numpy(), atol=1e-5)


@pytest.mark.parametrize("mode", ["L", "RGB", "1", "I;16"])
def test_reading_at_a_size_is_reading_and_then_resizing(tmp_path, mode):
    image = picture(5, (20, 30), "RGB").convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image, dtype=np.uint16) * 200)
    path = saved(tmp_path, image)
    for channels in (1, 3, 4):
        expected = resized(read_image(path, channels), 9, 40)
        assert np.allclose(read_resized(path, ImageShape(9, 40, channels)), expected, atol=1e-3)


@pytest.mark.parametrize(
    ("shape", "first", "image"),
    [
        ((28, 28, 1), None, (28, 28, 1)),
        ((64, 48, 3), (9, 9, 1), (64, 48, 3)),
        ((3, 64, 48), None, (64, 48, 3)),
        ((28, 30), None, (28, 30, 1)),
        ((784,), (28, 28, 1), (28, 28, 1)),
        ((120,), (12, 10, 1), (12, 10, 1)),
        ((120,), (12, 10, 3), (12, 10, 1)),
        ((360,), (12, 10, 3), (12, 10, 3)),
        ((784,), (105, 105, 1), (28, 28, 1)),
        ((2352,), (105, 105, 3), (28, 28, 3)),
    ],
)
def test_what_images_become_for_an_input(shape, first, image):
    target = target_for(shape, first and ImageShape(*first))
    assert target.image == image
    assert target.arranged(np.zeros(image, dtype=np.float32)).shape == shape


@pytest.mark.parametrize("shape", [(7,), (20, 4, 4, 1), (5, 5, 9)])
def test_an_input_that_no_image_fills_is_refused_with_both_shapes(tmp_path, shape):
    for name in ("a", "b"):
        fill(tmp_path / name)
    samples = read_samples(tmp_path)
    with pytest.raises(UnreadableData, match=r"model input=\(.*first image=\(12, 10, 1\)"):
        samples.load(np.arange(2), shape)


def test_flat_and_channels_first_inputs_hold_the_same_pixels(tmp_path):
    for name in ("a", "b"):
        fill(tmp_path / name, mode="RGB")
    samples = read_samples(tmp_path)
    last = samples.load(np.array([2]), (12, 10, 3))
    assert np.array_equal(samples.load(np.array([2]), (360,))[0], last.ravel())
    assert np.array_equal(samples.load(np.array([2]), (3, 12, 10))[0], last[0].transpose(2, 0, 1))


@pytest.mark.parametrize("scale", [1.0, 255.0, 1000.0])
def test_thumbnails_of_arrays_show_light_as_light(scale):
    pixels = np.zeros((100, 80, 1), dtype=np.float32)
    pixels[50:] = scale
    with Image.open(io.BytesIO(thumbnail_of_pixels(pixels))) as image:
        assert image.size == (51, 64)
        shown = np.asarray(image)
    assert shown[:20].max() == 0
    assert shown[-20:].min() == 255
