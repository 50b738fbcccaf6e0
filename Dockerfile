# A container image of Usher: docker build -t registry.example.com/usher:0.1.0 .
# docs/guides/containers.md#usher-itself-in-a-container

# By digest: a tag can come to mean another image. Both stages run on it.
ARG NODE_IMAGE=docker.io/library/node:24.21.0-bookworm-slim@sha256:d6aa754f16b3197301076f047b5def2f02ea1dbbc2ca920407d46d7ec7f87b20

FROM ${NODE_IMAGE} AS build
WORKDIR /usher
COPY package.json package-lock.json ./
COPY tools/runtime/package.json tools/runtime/
COPY examples/countries/package.json examples/countries/
# No package's own script is run, here or later.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && node tools/image-files.js /out

FROM ${NODE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Usher" \
      org.opencontainers.image.description="An MCP gateway that swaps the caller's token for the back end's, for the same user, and keeps the proof." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production
COPY --from=build /out /
# By number, so that Kubernetes can tell that it is not root.
USER 65532:65532
EXPOSE 8000
ENTRYPOINT ["usher"]
CMD ["--help"]
