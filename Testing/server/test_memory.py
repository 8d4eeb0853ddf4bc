"""The server's memory does not grow with clicks and volumes."""

import gc
import tracemalloc
import weakref

from server_fakes import EMBEDDING_BYTES, IDENTITY_WINDOW, ROD_BOX, rod

from medsamseg_server.engine.embedding_cache import EmbeddingCache

WINDOWS = [f"{width},127.5" for width in range(200, 260)]


def click(client, path, slice_index=5, window=IDENTITY_WINDOW):
    reply = client.post(f"{path}/segment", json={"slice": slice_index, "window": window, "prompts": [{"box": ROD_BOX}]})
    assert reply.status_code == 200


def test_clicks_and_windows_leave_nothing_behind(client, upload, service):
    service.engine._embeddings.cache = EmbeddingCache(memory_bytes=4 * EMBEDDING_BYTES)
    paths = [upload(rod(object_slices=range(2, last))) for last in (7, 8, 9)]

    def round_of_clicks():
        for number, window in enumerate(WINDOWS):
            click(client, paths[number % 3], slice_index=number % 12, window=window)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    # The first round fills the caches that may be full, the second one what else is filled once, and replaces what is
    # kept, so that all of it is counted. Counting doubles the time.
    round_of_clicks()
    tracemalloc.start()
    try:
        before = round_of_clicks()
        after = round_of_clicks()
    finally:
        tracemalloc.stop()
    assert after - before < 30_000


def test_deleted_volume_leaves_the_memory_with_all_that_was_known_of_it(client, upload, service):
    path = upload(rod())
    click(client, path)
    client.post(f"{path}/encodings", json={"slice": 5, "window": IDENTITY_WINDOW})
    volume = weakref.ref(service.volumes.get(path.rpartition("/")[2]))
    client.delete(path)
    service._encoding.close()
    gc.collect()
    assert volume() is None
