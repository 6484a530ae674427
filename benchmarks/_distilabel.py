"""distilabel doing the same job; run by the Python that ``BENCH_PEERS`` names.

``python _distilabel.py REQUEST.json COUNT [--threads N]``: as many rows through one step of text
generation, as many at once as its batch is long.
"""

# mypy: disable-error-code="import-not-found"

import argparse
import json
import os
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("request", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--threads", type=int, default=32)
    given = parser.parse_args()
    body = json.loads(given.request.read_text("utf-8"))
    from distilabel.models import OpenAILLM
    from distilabel.pipeline import Pipeline
    from distilabel.steps import LoadDataFromDicts
    from distilabel.steps.tasks import TextGeneration

    system, user = (message["content"] for message in body["messages"][:2])
    llm = OpenAILLM(
        model=body["model"],
        base_url=os.environ["GROQ_BASE_URL"] + "/openai/v1",
        api_key=os.environ["GROQ_API_KEY"],
        generation_kwargs={
            "temperature": 0.7,
            "max_new_tokens": body["max_completion_tokens"],
            "response_format": {"type": "json_object"},
        },
    )
    with Pipeline() as pipeline:
        rows = [{"instruction": user, "system_prompt": system}] * given.count
        load = LoadDataFromDicts(data=rows, batch_size=given.threads)
        load >> TextGeneration(llm=llm, input_batch_size=given.threads)
    made = pipeline.run(use_cache=False)["default"]["train"]["generation"]
    print(json.dumps({"answers": sum(text is not None for text in made)}))


if __name__ == "__main__":
    main()
