"""NVIDIA Data Designer doing the same job; run by the Python that ``BENCH_PEERS`` names.

``python _data_designer.py REQUEST.json COUNT [--threads N]``: as many records, each one call with
the same prompts and the answer's schema, written to its artifact folder. Telemetry and the check of
the model before the run are off, the rest is as it comes.
"""

# mypy: disable-error-code="import-not-found"

import argparse
import json
import os
import tempfile
from pathlib import Path

os.environ.setdefault("NEMO_TELEMETRY_ENABLED", "false")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("request", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--threads", type=int, default=4)
    given = parser.parse_args()
    body = json.loads(given.request.read_text("utf-8"))
    import data_designer.config as dd
    from data_designer.interface import DataDesigner

    system, user = (message["content"] for message in body["messages"][:2])
    schema = body["response_format"]["json_schema"]["schema"]
    url = os.environ["GROQ_BASE_URL"] + "/openai/v1"
    key = os.environ["GROQ_API_KEY"]
    provider = dd.ModelProvider(name="double", endpoint=url, api_key=key)
    parameters = dd.ChatCompletionInferenceParams(
        temperature=0.7,
        max_tokens=body["max_completion_tokens"],
        max_parallel_requests=given.threads,
        extra_body={"response_format": body["response_format"]},
    )
    model = dd.ModelConfig(
        alias="writer",
        model=body["model"],
        provider="double",
        inference_parameters=parameters,
        skip_health_check=True,
    )
    builder = dd.DataDesignerConfigBuilder(model_configs=[model])
    builder.add_column(
        dd.SamplerColumnConfig(
            name="number",
            sampler_type="category",
            params=dd.CategorySamplerParams(values=[str(n) for n in range(100)]),
        )
    )
    builder.add_column(
        dd.LLMStructuredColumnConfig(
            name="sample",
            system_prompt=system.replace("{", "(").replace("}", ")"),  # its templates are Jinja's
            prompt=user + "\nNumber {{ number }}.",
            model_alias="writer",
            output_format=schema,
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        designer = DataDesigner(artifact_path=folder, model_providers=[provider])
        kept = len(designer.create(builder, num_records=given.count).load_dataset())
    print(json.dumps({"answers": kept}))


if __name__ == "__main__":
    main()
