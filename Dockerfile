# The second way: docker build -t listening-room . && docker run -p 7860:7860 -v ratings:/room/data listening-room
FROM python:3.11-slim-bookworm
WORKDIR /room
COPY packages.txt pre-requirements.txt requirements.txt ./
RUN apt-get update \
    && xargs -a packages.txt apt-get install -y --no-install-recommends \
    && rm -rf /var/lib/apt/lists/* \
    && pip install --no-cache-dir -r pre-requirements.txt -r requirements.txt
COPY app.py audio.py README.md LICENSE ./
COPY models models
COPY listening_test listening_test
COPY tabs tabs
COPY training training
COPY benchmarks benchmarks
RUN useradd --create-home listener && mkdir data && chown listener data
USER listener
ENV HOST=0.0.0.0 PORT=7860
EXPOSE 7860
VOLUME /room/data
HEALTHCHECK --start-period=60s CMD python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/healthz')"
CMD ["python", "app.py"]
