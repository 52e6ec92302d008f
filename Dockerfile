# syntax=docker/dockerfile:1
# The server with its dashboard. `--target shell` makes the variant with a shell and the command line, for GitLab jobs.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /build
COPY . .
# The programs hold all that they run, and lie beside their package.json, the page and the licences of what they hold. The
# source maps tell which packages those are, and stay here.
RUN npx --yes pnpm@12.21.0 install --frozen-lockfile \
 && npx --yes pnpm@12.21.0 --filter @gitlab-registry-usage/server exec tsup --config tsup.bin.config.ts --sourcemap \
 && npx --yes pnpm@12.21.0 --filter @gitlab-registry-usage/cli exec tsup --sourcemap \
 && npx --yes pnpm@12.21.0 --filter @gitlab-registry-usage/dashboard exec vite build --sourcemap hidden \
 && mkdir -p /out/server/dist /out/cli /out/state \
 && cp -r packages/server/dist/bin.js packages/server/dist/ui /out/server/dist \
 && cp -r packages/cli/dist /out/cli \
 && node scripts/licenses.mjs packages/server/dist/bin.js.map packages/server/dist/ui/assets/*.map >/out/server/LICENSES \
 && node scripts/licenses.mjs packages/cli/dist/*.map >/out/cli/LICENSES \
 && for program in server cli; do cp LICENSE packages/$program/package.json /out/$program; done \
 && find /out -name '*.map' -delete

FROM node:24.21.0-bookworm-slim AS shell
COPY --from=build /out/server /opt/gitlab-registry-usage/server
COPY --from=build /out/cli /opt/gitlab-registry-usage/cli
RUN ln -s /opt/gitlab-registry-usage/server/dist/bin.js /usr/local/bin/gitlab-registry-usage-rest \
 && ln -s /opt/gitlab-registry-usage/cli/dist/bin.js /usr/local/bin/gitlab-registry-usage \
 && chmod +x /opt/gitlab-registry-usage/*/dist/bin.js
USER node
CMD ["sh"]

# No shell and no package manager: the last one is what is built by default.
FROM gcr.io/distroless/nodejs24-debian12:nonroot
COPY --from=build /out/server /app
WORKDIR /app
ENV NODE_ENV=production \
    STATE_DIRECTORY=/var/lib/gitlab-registry-usage-rest \
    GITLAB_REGISTRY_USAGE_GENERAL_SOCKET_HOST=0.0.0.0 \
    GITLAB_REGISTRY_USAGE_GENERAL_LOG_FORMAT=json
EXPOSE 5000
# Snapshots and their history are kept here, in usage.sqlite, written by the user 65532. A new volume takes on the owner that
# its place has in the image; where there is none, it belongs to root.
COPY --from=build --chown=65532:65532 /out/state /var/lib/gitlab-registry-usage-rest
VOLUME ["/var/lib/gitlab-registry-usage-rest"]
# Asks where the variables let the server listen, over TLS if they name a certificate: which one it is does not matter here.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["/nodejs/bin/node", "-e", "const { GITLAB_REGISTRY_USAGE_GENERAL_SOCKET_PORT: port = 5000, GITLAB_REGISTRY_USAGE_GENERAL_TLS_CERTIFICATE_FILE: tls } = process.env; require(tls ? 'https' : 'http').get({ host: '127.0.0.1', port, path: '/health/live', rejectUnauthorized: false }, r => process.exit(r.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
STOPSIGNAL SIGTERM
CMD ["dist/bin.js"]
