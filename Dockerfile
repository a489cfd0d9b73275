# barqgate for use inside a cluster, such as in a Job: static binaries, no shell, no
# Go toolchain, no root. The suites are compiled into it; their sums are checked
# before each run. The state of runs is in /barqgate/.barqgate: mount a volume there
# to keep it.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make image-root IMAGE_ROOT=/image

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build --chown=nonroot:nonroot /image /barqgate
WORKDIR /barqgate
USER nonroot:nonroot
VOLUME /barqgate/.barqgate
ENTRYPOINT ["/barqgate/bin/barqgate"]
CMD ["--help"]
