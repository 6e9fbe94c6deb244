# BIDS App: docker run --rm -v DATA:/data:ro -v OUT:/out -v RUN:/run_folder:ro eeg2fmri /data /out participant --model /run_folder
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv
COPY . /opt/source
RUN python3 -m venv /opt/eeg2fmri
RUN /opt/eeg2fmri/bin/pip install --no-cache-dir --constraint /opt/source/constraints.txt '/opt/source[bids]'
RUN /opt/eeg2fmri/bin/eeg2fmri-bids --version
ENV PATH=/opt/eeg2fmri/bin:$PATH MPLBACKEND=Agg
ENTRYPOINT ["eeg2fmri-bids"]
