"""Works out the answers of all vectors in docs/vectors/ anew, by the oracle, and writes the files in their common form.

To add a vector write its scenario into a file, with any answer, and run `python tests/oracle/make_vectors.py`; then read what changed.
"""

import json

from oracle import offered
from vectors import FOLDER, scenario_of, text_of_file, vector

for file in sorted(FOLDER.glob("*.json")):
    said = json.loads(file.read_text())
    vectors = [
        vector(one["name"], one["rules"], scenario_of(one), offered(scenario_of(one))) for one in said["vectors"]
    ]
    file.write_text(text_of_file(said["about"], vectors))
