# syntax=docker/dockerfile:1
# The server with its dashboard. `--target shell` makes the variant with a shell and the command line, for GitLab jobs.

# The bases are named by tags. To fix their contents, pass the digests that you have checked:
#   --build-arg BUILD_IMAGE=node:24.21.0-bookworm-slim@sha256:…
#   --build-arg RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot@sha256:…
ARG BUILD_IMAGE=node:24.21.0-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY . .
# Each program is bundled with its dependencies, beside its package.json, the page, and the licences and the list (SBOM) of
# the dependencies. These are found by the source maps, which are not copied.
RUN npx --yes pnpm@12.21.0 install --frozen-lockfile \
 && npx --yes pnpm@12.21.0 --filter @gitlab-registry-usage/server exec tsup --config tsup.bin.config.ts --sourcemap \
 && npx --yes pnpm@12.21.0 --filter @gitlab-registry-usage/cli exec tsup --sourcemap \
 && npx --yes pnpm@12.21.0 --filter @gitlab-registry-usage/dashboard exec vite build --sourcemap hidden \
 && mkdir -p /out/server/dist /out/cli /out/state/gitlab-registry-usage-rest \
 && cp -r packages/server/dist/bin.js packages/server/dist/program.js packages/server/dist/ui deploy/docker/defaults.conf /out/server/dist \
 && cp -r packages/cli/dist /out/cli \
 && node scripts/licenses.mjs packages/server/dist/program.js.map packages/server/dist/ui/assets/*.map >/out/server/LICENSES \
 && node scripts/licenses.mjs packages/cli/dist/*.map >/out/cli/LICENSES \
 && node scripts/sbom.mjs packages/server packages/server/dist/program.js.map packages/server/dist/ui/assets/*.map >/out/server/sbom.cdx.json \
 && node scripts/sbom.mjs packages/cli packages/cli/dist/*.map >/out/cli/sbom.cdx.json \
 && for program in server cli; do cp LICENSE packages/$program/package.json /out/$program; done \
 && find /out -name '*.map' -exec rm {} + \
 && chmod 0770 /out/state/gitlab-registry-usage-rest

FROM ${BUILD_IMAGE} AS shell
COPY --from=build /out/server /opt/gitlab-registry-usage/server
COPY --from=build /out/cli /opt/gitlab-registry-usage/cli
RUN ln -s /opt/gitlab-registry-usage/server/dist/bin.js /usr/local/bin/gitlab-registry-usage-rest \
 && ln -s /opt/gitlab-registry-usage/cli/dist/bin.js /usr/local/bin/gitlab-registry-usage \
 && chmod +x /opt/gitlab-registry-usage/*/dist/bin.js
USER node
CMD ["sh"]

# The last stage is the default: it has no shell and no package manager.
FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="GitLab Registry Usage" \
      org.opencontainers.image.description="Shows where the disk space of a GitLab container registry goes" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /out/server /app
# Variables of an image override a mounted configuration file; the file of defaults does not.
# V8 collects garbage before the container's limit of memory is reached; most of the rest is outside of its heap.
ENV NODE_ENV=production \
    NODE_OPTIONS=--max-old-space-size-percentage=50 \
    STATE_DIRECTORY=/var/lib/gitlab-registry-usage-rest \
    GITLAB_REGISTRY_USAGE_DEFAULTS_FILE=/app/dist/defaults.conf
EXPOSE 5000
# The user 65532 stores snapshots and their history here, in usage.sqlite; so does any user of the group 0, as OpenShift
# runs containers. A new volume gets the owner of this directory in the image; if the image has no such directory, the
# volume belongs to root. COPY keeps the mode of what is inside of /out/state, not of that itself.
COPY --from=build --chown=65532:0 /out/state /var/lib
VOLUME ["/var/lib/gitlab-registry-usage-rest"]
# Asks the running server, on the port and with the scheme of its configuration.
HEALTHCHECK --interval=30s --timeout=10s --start-period=15s \
  CMD ["/nodejs/bin/node", "/app/dist/bin.js", "health"]
STOPSIGNAL SIGTERM
USER 65532:0
# SIGUSR1 would start Node's debugger.
ENTRYPOINT ["/nodejs/bin/node", "--disable-sigusr1", "/app/dist/bin.js"]
CMD []
