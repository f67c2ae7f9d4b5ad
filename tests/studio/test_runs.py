from __future__ import annotations

import shutil

import numpy as np


def test_a_clip_is_shown_where_its_dataset_is_at_hand(studio, results, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(results.parent / "interview.mp4", data / "one.mp4")
    (data / "clips.csv").write_text("clip,subject,onset,apex,offset,path\none,S1,10,15,20,one.mp4\n")
    client = studio("--data", f"folder={data}").client()
    packed = client.get("/api/runs/clip", params={"dataset": "folder", "clip": "folder/one"}).content
    numbers = []
    while packed:
        number, length = np.frombuffer(packed[:8], "<u4").tolist()
        assert packed[8:11] == b"\xff\xd8\xff"  # a JPEG
        numbers.append(number)
        packed = packed[8 + length :]
    assert numbers == list(range(11))
    assert client.get("/api/runs/clip", params={"dataset": "folder", "clip": "folder/two"}).status_code == 404
    answer = client.get("/api/runs/clip", params={"dataset": "casme2", "clip": "casme2/x"})
    assert answer.status_code == 404
    assert "--data casme2=PATH" in answer.json()["error"]
