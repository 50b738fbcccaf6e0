{{- define "usher.name" -}}
{{- contains .Chart.Name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "usher.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "usher.labels" -}}
{{ include "usher.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "usher.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "usher.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "usher.image" -}}
{{- $repository := required "image.repository is empty: name the image of Usher" .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* Where a key of a Secret is mounted. */}}
{{- define "usher.secretPath" -}}
{{- printf "/run/secrets/usher/%s/%s" .name .key -}}
{{- end -}}

{{/* The Secrets that are mounted, each with its keys: a list of name and key. */}}
{{- define "usher.secrets" -}}
{{- $all := list -}}
{{- if .Values.exchange.enabled }}{{ $all = append $all .Values.exchange.secret }}{{ end -}}
{{- if .Values.redis.url -}}
{{- $all = append $all .Values.redis.stateKey -}}
{{- if .Values.redis.password.name }}{{ $all = append $all .Values.redis.password }}{{ end -}}
{{- end -}}
{{- dict "all" (concat $all .Values.extraSecrets) | toYaml -}}
{{- end -}}

{{/* The configuration file, of the values; without secrets. */}}
{{- define "usher.config" -}}
{{- $v := .Values -}}
{{- $issuer := dict
  "issuer" (required "issuer.url is empty: give the issuer of the callers' tokens" $v.issuer.url)
  "audience" (required "issuer.audience is empty: give what the callers' tokens are meant for" $v.issuer.audience) -}}
{{- if $v.issuer.jwksUrl }}{{ $_ := set $issuer "jwksUrl" $v.issuer.jwksUrl }}{{ end -}}
{{- $server := dict
  "path" $v.server.path
  "resourceUrl" (required "server.resourceUrl is empty: give the URL clients know the server by" $v.server.resourceUrl)
  "authenticate" (list $issuer)
  "upstream" (dict "url" (required "server.url is empty: give the endpoint of the MCP server behind" $v.server.url)) -}}
{{- if $v.issuer.requiredScopes }}{{ $_ := set $server "policy" (dict "required" $v.issuer.requiredScopes) }}{{ end -}}
{{- if $v.exchange.enabled -}}
{{- $_ := required "exchange.secret.name is empty: name the Secret with the client's secret or key" $v.exchange.secret.name -}}
{{- $credential := dict
  "url" (required "exchange.url is empty: give the token endpoint of the exchange" $v.exchange.url)
  "clientId" (required "exchange.clientId is empty: give the client the gateway exchanges as" $v.exchange.clientId)
  "audience" (required "exchange.audience is empty: give what the API's tokens are meant for" $v.exchange.audience)
  "scopes" $v.exchange.scopes
  "clientAuthentication" $v.exchange.clientAuthentication -}}
{{- $field := ternary "clientKeyFile" "clientSecretFile" (eq $v.exchange.clientAuthentication "private_key_jwt") -}}
{{- $_ := set $credential $field (include "usher.secretPath" $v.exchange.secret) -}}
{{- $_ := set $server "credential" $credential -}}
{{- end -}}
{{- $listen := dict "host" "0.0.0.0" "port" 8000 "drainTimeoutSeconds" $v.drainSeconds -}}
{{- if $v.trustedProxies }}{{ $_ := set $listen "trustedProxies" $v.trustedProxies }}{{ end -}}
{{- $config := dict
  "listen" $listen
  "log" (dict "level" $v.log.level "format" "json")
  "audit" (dict "file" "-")
  "servers" (dict $v.server.name $server) -}}
{{- if $v.caBundle.configMap }}{{ $_ := set $config "caFile" (printf "/etc/usher/ca/%s" $v.caBundle.key) }}{{ end -}}
{{- if $v.redis.url -}}
{{- $_ := required "redis.stateKey.name is empty: name the Secret with the key the shared state is encrypted with" $v.redis.stateKey.name -}}
{{- $state := dict "url" $v.redis.url "keyFile" (include "usher.secretPath" $v.redis.stateKey) -}}
{{- if $v.redis.username }}{{ $_ := set $state "username" $v.redis.username }}{{ end -}}
{{- if $v.redis.password.name }}{{ $_ := set $state "passwordFile" (include "usher.secretPath" $v.redis.password) }}{{ end -}}
{{- $_ := set $config "state" $state -}}
{{- end -}}
{{- mustMergeOverwrite $config (deepCopy $v.extraConfig) | toYaml -}}
{{- end -}}

{{/* The port of a URL. */}}
{{- define "usher.portOf" -}}
{{- $url := urlParse . -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- if $port -}}{{ $port }}
{{- else if hasPrefix "redis" $url.scheme -}}6379
{{- else -}}{{ ternary "443" "80" (eq $url.scheme "https") }}
{{- end -}}
{{- end -}}

{{/* What clients and browsers ask for, as the configuration has it: a list of paths. */}}
{{- define "usher.paths" -}}
{{- $servers := (include "usher.config" . | fromYaml).servers -}}
{{- $all := list -}}
{{- range $servers }}{{ $all = append $all (.path | default "/mcp") }}{{ end -}}
{{- $all = append $all "/.well-known/oauth-protected-resource" -}}
{{- range $name, $server := $servers -}}
{{- if $server.facade -}}
{{- $url := $server.facade.url | default (printf "/oauth/%s" $name) -}}
{{- $all = append $all (urlParse $url).path -}}
{{- $all = concat $all (list "/.well-known/oauth-authorization-server" "/.well-known/openid-configuration") -}}
{{- end -}}
{{- end -}}
{{- dict "all" (uniq $all) | toYaml -}}
{{- end -}}
