"""bootsman boot-report: the boot as a timeline, as a table, as JSON, and as an image that a browser shows."""

import json
import subprocess
import xml.etree.ElementTree

import pytest

from lib.container import eventually
from lib import chromium

CONFIG = ('[step.first]\ncommand = ["sleep", "0.3"]\n[step.aside]\ncommand = ["true"]\n'
          '[service.web]\ncommand = ["sleep", "1000"]\n'
          '[service.slow]\ncommand = ["sh", "-c", "sleep 0.3; touch /root/up; exec sleep 1000"]\n'
          'ready = { file = "/root/up", every = "50ms" }\nafter = ["web"]\n'
          '[service.bad]\ncommand = ["/no/such/program"]\non_failure = "ignore"\n')
SPACE = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def container(boot):
    container = boot(CONFIG)
    container.wait_for_boot()
    return container


def test_each_unit_has_its_time_and_what_it_waited_for(container):
    boot = json.loads(container.bootsman("boot-report", "--json").stdout)
    units = {unit["unit"]: unit for unit in boot["units"]}
    assert set(units) == {"step.first", "step.aside", "service.web", "service.slow", "service.bad"}
    assert units["step.first"]["to_ms"] - units["step.first"]["from_ms"] >= 290
    assert units["service.web"]["after"] == "step.first" and units["service.slow"]["after"] == "service.web"
    assert units["service.web"]["from_ms"] >= units["step.first"]["to_ms"]
    assert units["service.bad"]["state"] == "failed" and units["step.aside"]["after"] == ""
    assert boot["done_ms"] >= units["service.slow"]["to_ms"]
    table = container.bootsman("boot-report").stdout
    assert table.startswith("boot done in ")
    assert table.splitlines()[-1].startswith("The last one: service.slow (")
    assert ", after service.web (" in table and ", after step.first (" in table


def test_a_step_that_had_nothing_to_do_is_over(boot):
    container = boot('[step.hosts]\n[service.web]\ncommand = ["sleep", "1000"]\n')
    container.wait_for_boot()
    boot = json.loads(container.bootsman("boot-report", "--json").stdout)
    assert {unit["unit"]: unit["state"] for unit in boot["units"]} == {"step.hosts": "skipped", "service.web": "ready"}
    assert "not ready yet" not in container.bootsman("boot-report").stdout


def test_the_boot_is_remembered_however_much_happens_later(container):
    before = container.bootsman("boot-report", "--json").stdout
    container.exec("sh", "-c", "for i in $(seq 600); do curl -sS -o /dev/null -X POST --unix-socket "
                   "/run/bootsman/control.sock 'http://bootsman/v1/units/web/signal?signal=CONT'; done", timeout=120)
    container.bootsman("restart", "web")
    assert container.bootsman("boot-report", "--json").stdout == before


def test_a_boot_that_is_not_done_is_shown_as_far_as_it_is(boot):
    container = boot('[service.never]\ncommand = ["sleep", "1000"]\nready = { file = "/no/such/file" }\n')
    eventually(lambda: "not ready yet" in container.bootsman("boot-report", check=False).stdout, 20, "it has begun")
    assert container.bootsman("boot-report").stdout.startswith("the boot is not done after ")


def test_the_image_is_one_of_its_own(container):
    image = xml.etree.ElementTree.fromstring(container.bootsman("boot-report", "--svg").stdout)
    assert image.tag == SPACE + "svg"
    texts = [text.text for text in image.iter(SPACE + "text")]
    assert "service.slow" in texts and any(text.startswith("boot done in ") for text in texts)
    assert len(list(image.iter(SPACE + "g"))) == 5
    width = int(image.get("width"))
    assert all(float(bar.get("x", 0)) + float(bar.get("width")) <= width for bar in image.iter(SPACE + "rect")
               if not bar.get("width").endswith("%"))


@pytest.mark.skipif(not chromium.find(), reason="chromium is not installed: the image is not looked at")
def test_a_browser_shows_the_image(container, tmp_path):
    path = tmp_path / "boot.svg"
    path.write_text(container.bootsman("boot-report", "--svg").stdout)
    picture = tmp_path / "boot.png"
    subprocess.run([chromium.find(), "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                    f"--user-data-dir={tmp_path}/profile", "--window-size=1100,220", f"--screenshot={picture}",
                    path.as_uri()], timeout=90, check=True, capture_output=True)
    assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 3000
