"""Screenshots of a report for the landing page, light and dark: python docs/report_pictures.py FOLDER, that of `fleeting demo`."""

import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import sync_playwright

PICTURES = Path(__file__).parent / "pictures"

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    for scheme in ("light", "dark"):
        page = browser.new_page(viewport={"width": 1180, "height": 1560}, color_scheme=scheme)
        page.goto((Path(sys.argv[1]) / "report.html").resolve().as_uri())
        picture = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
        cv2.imwrite(str(PICTURES / f"report-{scheme}.webp"), picture, [cv2.IMWRITE_WEBP_QUALITY, 80])
    browser.close()
