# The service, `fineline train` and an MLflow server in one image; docs/operations.md says how to run it.
FROM python:3.13-slim AS build
WORKDIR /src
RUN pip install --no-cache-dir 'uv>=0.9'
COPY requirements.lock pyproject.toml README.md ./
# The locked versions of what running needs, without the tools of development.
RUN uv pip compile --quiet --generate-hashes --constraints requirements.lock \
      pyproject.toml --output-file running.lock \
 && uv venv /opt/fineline \
 && uv pip sync --python /opt/fineline/bin/python --require-hashes running.lock
COPY features features
COPY models models
COPY training training
COPY serving serving
RUN uv pip install --python /opt/fineline/bin/python --no-deps .

FROM python:3.13-slim
# LightGBM's threads.
RUN apt-get update && apt-get install --yes --no-install-recommends libgomp1 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --create-home fineline \
 && install -d -o fineline /var/lib/fineline
COPY --from=build /opt/fineline /opt/fineline
ENV PATH=/opt/fineline/bin:$PATH \
    FINELINE_HOME=/var/lib/fineline \
    FINELINE_HOST=0.0.0.0 \
    FINELINE_LOG_FORMAT=json \
    NUMBA_CACHE_DIR=/var/lib/fineline/numba
USER fineline
WORKDIR /var/lib/fineline
VOLUME /var/lib/fineline
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=90s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["fineline", "serve"]
