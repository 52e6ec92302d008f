{{- define "usage.name" -}}
{{- if contains "gitlab-registry-usage" .Release.Name -}}
{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-gitlab-registry-usage" .Release.Name | trunc 52 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{- define "usage.selector" -}}
app.kubernetes.io/name: gitlab-registry-usage
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "usage.labels" -}}
{{ include "usage.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- /* Each manifest begins with it, so that wrong values have one message, whichever template Helm renders first. */ -}}
{{- define "usage.metadata" -}}
{{- include "usage.check" . -}}
name: {{ include "usage.name" . }}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "usage.labels" . | nindent 2 }}
{{- end -}}

{{- define "usage.image" -}}
{{- $image := .Values.image -}}
{{- $repository := required "image.repository: set the name of the image that you have built and pushed" $image.repository -}}
{{- if $image.digest -}}
{{ $repository }}@{{ $image.digest }}
{{- else -}}
{{ $repository }}:{{ required "image.tag: set it, or image.digest" $image.tag }}
{{- end -}}
{{- end -}}

{{- /* The setting that names the file: access_token_file for access_token; ca_file names one itself. */ -}}
{{- define "usage.fileSetting" -}}
{{ . }}{{ if not (regexMatch "_files?$" .) }}_file{{ end }}
{{- end -}}

{{- define "usage.secretsPath" -}}
/etc/gitlab-registry-usage/secrets
{{- end -}}

{{- define "usage.hasPostgres" -}}
{{- if .Values.secrets.database.url }}true{{ end -}}
{{- end -}}

{{- define "usage.hasVolume" -}}
{{- if and .Values.persistence.enabled (not (include "usage.hasPostgres" .)) }}true{{ end -}}
{{- end -}}

{{- define "usage.scheme" -}}
{{ if .Values.secrets.general.tls_certificate_file }}https{{ else }}http{{ end }}
{{- end -}}

{{- /* What the schema cannot say: rules over several values. */ -}}
{{- define "usage.check" -}}
{{- $secrets := .Values.secrets -}}
{{- $config := .Values.config -}}
{{- if not $secrets.registry.access_token -}}
{{- fail "secrets.registry.access_token: name the Secret with GitLab's access token, such as { secret: gitlab-registry-usage, key: access_token }" -}}
{{- end -}}
{{- if not (or $secrets.jwt.secret_key $secrets.jwt.private_key_file) -}}
{{- fail "secrets.jwt.secret_key: name the Secret with the secret that signs tokens, or set secrets.jwt.private_key_file" -}}
{{- end -}}
{{- range $key := list "gitlab_base_url" "registry_base_url" -}}
{{- if not (index $config.registry $key) -}}
{{- fail (printf "config.registry.%s: set it" $key) -}}
{{- end -}}
{{- end -}}
{{- range $key := list "host" "base_dn" -}}
{{- if not (index $config.ldap $key) -}}
{{- fail (printf "config.ldap.%s: set it" $key) -}}
{{- end -}}
{{- end -}}
{{- if and (gt (int .Values.replicas) 1) (not (include "usage.hasPostgres" .)) -}}
{{- fail "replicas: more than one needs a PostgreSQL database that they share: name the Secret with its URL in secrets.database.url" -}}
{{- end -}}
{{- if ne (not $secrets.general.tls_certificate_file) (not $secrets.general.tls_key_file) -}}
{{- fail "secrets.general: set both of tls_certificate_file and tls_key_file, or none" -}}
{{- end -}}
{{- if and (ne .Values.metrics.monitor "none") (not .Values.metrics.separatePort) (not $secrets.general.metrics_token) -}}
{{- fail "metrics.monitor: set secrets.general.metrics_token, with which Prometheus reads /metrics, or metrics.separatePort" -}}
{{- end -}}
{{- $token := $secrets.general.metrics_token | default dict -}}
{{- if and (ne .Values.metrics.monitor "none") (not .Values.metrics.separatePort) (not $token.secret) -}}
{{- fail "secrets.general.metrics_token: must be in a Secret, as the Prometheus Operator reads it there" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) -}}
{{- fail "ingress.host: set the host name under which clients reach the server" -}}
{{- end -}}
{{- $prefix := $config.general.server_prefix -}}
{{- if and .Values.ingress.enabled $prefix (ne $prefix .Values.ingress.path) -}}
{{- fail (printf "config.general.server_prefix is %s, but ingress.path is %s: leave server_prefix out" $prefix .Values.ingress.path) -}}
{{- end -}}
{{- end -}}

{{- /* A value as the text of an INI file. Numbers are written like 1000000 and not like 1e+06. */ -}}
{{- define "usage.ini" -}}
{{- $text := . | toString -}}
{{- if not (kindIs "string" .) }}{{ $text = toJson . }}{{ end -}}
{{ $text | trim | replace "%" "%%" | replace "\n" "\n  " }}
{{- end -}}

{{- define "usage.configuration" -}}
{{- $own := dict
  "socket_host" "0.0.0.0"
  "socket_port" 5000
  "health_port" 5001
  "shutdown_delay" (printf "%d seconds" (int .Values.shutdownDelay))
  "shutdown_timeout" (printf "%d seconds" (int .Values.shutdownTimeout))
-}}
{{- if .Values.metrics.separatePort }}{{ $own = merge $own (dict "metrics_host" "0.0.0.0" "metrics_port" 9100) }}{{ end -}}
{{- if .Values.ingress.enabled }}{{ $own = merge $own (dict "server_prefix" .Values.ingress.path) }}{{ end -}}
{{- $sections := merge (dict "general" $own) (deepCopy .Values.config) -}}
{{- $root := . -}}
{{- range $section := list "general" "ldap" "jwt" "registry" "database" }}
[{{ $section }}]
{{- range $key, $value := index $sections $section }}
{{- if not (kindIs "invalid" $value) }}
{{ $key }} = {{ include "usage.ini" $value }}
{{- end }}
{{- end }}
{{- range $key, $reference := index $root.Values.secrets $section }}
{{- if $reference }}
{{ include "usage.fileSetting" $key }} = {{ include "usage.secretsPath" $root }}/{{ $section }}/{{ $key }}
{{- end }}
{{- end }}
{{ end -}}
{{- end -}}

{{- define "usage.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "usage.name" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end -}}
