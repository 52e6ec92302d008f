# syntax=docker/dockerfile:1
# The server with its dashboard. `--target shell` makes the variant with a shell and the command line, for GitLab jobs.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /build
COPY . .
# Each program is bundled with its dependencies, beside its package.json, the page and the licences of the dependencies. The
# licences are found by the source maps, which are not copied.
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

# The last stage is the default: it has no shell and no package manager.
FROM gcr.io/distroless/nodejs24-debian12:nonroot
COPY --from=build /out/server /app
WORKDIR /app
ENV NODE_ENV=production \
    STATE_DIRECTORY=/var/lib/gitlab-registry-usage-rest \
    GITLAB_REGISTRY_USAGE_GENERAL_SOCKET_HOST=0.0.0.0 \
    GITLAB_REGISTRY_USAGE_GENERAL_LOG_FORMAT=json
EXPOSE 5000
# The user 65532 stores snapshots and their history here, in usage.sqlite. A new volume gets the owner of this directory in the
# image; if the image has no such directory, the volume belongs to root.
COPY --from=build --chown=65532:65532 /out/state /var/lib/gitlab-registry-usage-rest
VOLUME ["/var/lib/gitlab-registry-usage-rest"]
# The request goes to the configured port, over TLS if a certificate is configured; the certificate is not verified.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["/nodejs/bin/node", "-e", "const { GITLAB_REGISTRY_USAGE_GENERAL_SOCKET_PORT: port = 5000, GITLAB_REGISTRY_USAGE_GENERAL_TLS_CERTIFICATE_FILE: tls } = process.env; require(tls ? 'https' : 'http').get({ host: '127.0.0.1', port, path: '/health/live', rejectUnauthorized: false }, r => process.exit(r.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
STOPSIGNAL SIGTERM
CMD ["dist/bin.js"]
