/** The error table: every way Usher refuses. Status, challenge, JSON-RPC error, log level, audit reason, CLI exit code
 * and docs/reference/errors.md follow from it. `{name}` in `message` and `hint` is filled from the details of `fail`.
 *
 * `message` is public: it may quote the caller's own values, never token material or another server's text.
 * `hint` is for the operator: it goes to the log and the audit trail only.
 */

/** Where a refusal happens: the stages of the request path, then what can go wrong outside a request. */
export type Stage =
  | 'listen'
  | 'route'
  | 'authenticate'
  | 'readCall'
  | 'authorize'
  | 'exchange'
  | 'forward'
  | 'audit'
  | 'configure'
  | 'start';

export interface ErrorRow {
  readonly stage: Stage;
  /** HTTP status of the answer; 0 where no request is involved. */
  readonly status: number;
  /** RFC 6750 §3.1, RFC 9449 §7.1 or RFC 9470 §3 error code for `WWW-Authenticate`; 'none' sends a challenge without an error; absent sends no challenge. */
  readonly challenge?:
    | 'invalid_request'
    | 'invalid_token'
    | 'insufficient_scope'
    | 'insufficient_user_authentication'
    | 'invalid_dpop_proof'
    | 'use_dpop_nonce'
    | 'none';
  /** The scheme of the challenge, where it is another than the caller used or the server wants anyway. */
  readonly scheme?: 'DPoP';
  /** JSON-RPC error code; the HTTP status when absent (outside the range JSON-RPC and MCP reserve). */
  readonly jsonRpc?: number;
  /** What the protocol wants in the JSON-RPC error's `data`, beside our code and id. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** May the same request succeed later without anybody changing anything? Sends Retry-After. */
  readonly retryable?: true;
  /** Exit code of the command line; 1 when absent. */
  readonly exitCode?: number;
  /** Whose fault it is decides the log level: the caller's is info, a neighbour's warn, ours error. */
  readonly fault: 'caller' | 'neighbour' | 'operator' | 'usher';
  readonly message: string;
  readonly hint: string;
}

const rows = {
  // listen: what Node's HTTP parser refuses before there is a request
  headers_too_large: {
    stage: 'listen',
    status: 431,
    fault: 'caller',
    message: 'Cannot read the request: its headers are larger than {limit}',
    hint: 'A token of this size is not a token any provider issues; check what the client puts into Authorization.',
  },
  request_malformed: {
    stage: 'listen',
    status: 400,
    fault: 'caller',
    message: 'Cannot read the request: it is not well-formed HTTP/1.1',
    hint: 'The parser said {reason}.',
  },
  request_timeout: {
    stage: 'listen',
    status: 408,
    fault: 'caller',
    message: 'Cannot read the request: it did not arrive within the time limit',
    hint: 'Slow clients and port scanners end here.',
  },
  draining: {
    stage: 'listen',
    status: 503,
    retryable: true,
    fault: 'usher',
    message: 'Cannot take the request: the gateway is shutting down',
    hint: 'Expected while the process stops.',
  },

  // route
  route_not_found: {
    stage: 'route',
    status: 404,
    fault: 'caller',
    message: 'Cannot route the request: nothing is served at {path}{meant}',
    hint: 'Mounted here: {mounted}.',
  },
  method_not_allowed: {
    stage: 'route',
    status: 405,
    fault: 'caller',
    message: 'Cannot route the request: method {method} is not one of POST, GET, DELETE',
    hint: 'The MCP endpoint takes these methods only.',
  },
  host_not_allowed: {
    stage: 'route',
    status: 403,
    fault: 'caller',
    message: 'Cannot route the request: host {host} is not one this gateway answers for',
    hint: 'Answers for: {allowed}. Set resourceUrl (--resource-url) or allowedHosts (--allowed-hosts) if the host is right; otherwise this may be a DNS rebinding attempt.',
  },
  origin_not_allowed: {
    stage: 'route',
    status: 403,
    fault: 'caller',
    message: 'Cannot route the request: origin {origin} may not call this gateway from a browser',
    hint: 'Allowed: {allowed}. Add it with --allowed-origins if the page is yours.',
  },

  // authenticate
  token_missing: {
    stage: 'authenticate',
    status: 401,
    challenge: 'none',
    fault: 'caller',
    message: 'Cannot authenticate the caller: the request has no bearer token',
    hint: 'Normal for the first request of a client: the challenge tells it where to sign in.',
  },
  authorization_malformed: {
    stage: 'authenticate',
    status: 400,
    challenge: 'invalid_request',
    fault: 'caller',
    message: 'Cannot authenticate the caller: {reason}',
    hint: 'RFC 6750 §3.1: one Authorization header with one bearer token, and no token anywhere else.',
  },
  local_token_refused: {
    stage: 'authenticate',
    status: 401,
    challenge: 'invalid_token',
    fault: 'caller',
    message: 'Cannot authenticate the caller: the token is not the one that programs on this machine need for {server}',
    hint: 'usher secret get caller/{server} prints it; put it into the Authorization header of the client, after Bearer.',
  },
  token_malformed: {
    stage: 'authenticate',
    status: 401,
    challenge: 'invalid_token',
    fault: 'caller',
    message: 'Cannot read the token: {reason}',
    hint: 'An opaque token or a truncated one; this server takes signed JWTs.',
  },
  token_algorithm_refused: {
    stage: 'authenticate',
    status: 401,
    challenge: 'invalid_token',
    fault: 'caller',
    message: 'Cannot verify the token: algorithm is {found}, expected one of {expected}',
    hint: 'Tokens that are unsigned or signed with a shared secret are never taken.',
  },
  token_type_refused: {
    stage: 'authenticate',
    status: 401,
    challenge: 'invalid_token',
    fault: 'caller',
    message: 'Cannot accept the token: its type is {found}, expected an access token',
    hint: 'The client sent something else than the access token, for example an ID token (RFC 8725 §3.11).',
  },
  token_key_unknown: {
    stage: 'authenticate',
    status: 401,
    challenge: 'invalid_token',
    fault: 'caller',
    message: 'Cannot verify the token: {issuer} publishes no key with kid {kid} for algorithm {alg}',
    hint: 'The key was withdrawn, or the token was made by somebody else. Compare the kid with what the issuer publishes at its jwks_uri.',
  },
  token_signature_invalid: {
    stage: 'authenticate',
    status: 401,
    challenge: 'invalid_token',
    fault: 'caller',
    message: 'Cannot verify the token: the signature does not match the keys of {issuer}',
    hint: 'The token was changed on its way, or made by somebody else.',
  },
  issuer_mismatch: {
    stage: 'authenticate',
    status: 401,
    challenge: 'invalid_token',
    fault: 'caller',
    message: 'Cannot accept the token: issuer is {found}, expected {expected}',
    hint: 'Compared byte for byte (RFC 8725 §3.8): a trailing slash or another host name is another issuer.',
  },
  audience_mismatch: {
    stage: 'authenticate',
    status: 401,
    challenge: 'invalid_token',
    fault: 'caller',
    message: 'Cannot accept the token: audience is {found}, expected {expected}',
    hint: 'The token was issued for another service. Set --oidc-audience to the audience of the authorization server the client signs in at.',
  },
  token_expired: {
    stage: 'authenticate',
    status: 401,
    challenge: 'invalid_token',
    fault: 'caller',
    message: 'Cannot accept the token: it expired at {expiredAt}',
    hint: 'The client should refresh or sign in again.',
  },
  token_not_yet_valid: {
    stage: 'authenticate',
    status: 401,
    challenge: 'invalid_token',
    fault: 'caller',
    message: 'Cannot accept the token: it is valid from {notBefore}',
    hint: "Clocks differ by more than the leeway; compare the clock here with the provider's.",
  },
  token_claim_invalid: {
    stage: 'authenticate',
    status: 401,
    challenge: 'invalid_token',
    fault: 'caller',
    message: 'Cannot accept the token: claim {claim} {reason}',
    hint: 'Without it the caller cannot be named in the audit trail or the token has no end.',
  },
  token_bound: {
    stage: 'authenticate',
    status: 401,
    challenge: 'invalid_token',
    scheme: 'DPoP',
    fault: 'caller',
    message: 'Cannot accept the token: it is bound to a key, send it by the scheme DPoP with a proof',
    hint: 'Sent as Bearer. Either the client is defective, or somebody took the token and has no key (RFC 9449 §7.2).',
  },
  token_not_bound: {
    stage: 'authenticate',
    status: 401,
    challenge: 'invalid_token',
    scheme: 'DPoP',
    fault: 'caller',
    message: 'Cannot accept the token: it is bound to no key, {wanted}',
    hint: 'It has no cnf.jkt. The client has to send a DPoP proof with its token request (RFC 9449 §5), and the provider has to support that.',
  },
  dpop_proof_invalid: {
    stage: 'authenticate',
    status: 401,
    challenge: 'invalid_dpop_proof',
    scheme: 'DPoP',
    fault: 'caller',
    message: 'Cannot accept the proof (DPoP): {reason}',
    hint: 'RFC 9449 §4.3. With htu, compare resourceUrl (--resource-url) with the URL the client calls; with iat, compare the clocks; otherwise somebody may have taken a token or a proof.',
  },
  dpop_nonce_needed: {
    stage: 'authenticate',
    status: 401,
    challenge: 'use_dpop_nonce',
    scheme: 'DPoP',
    fault: 'caller',
    message: 'Cannot accept the proof (DPoP): it has to hold the nonce that this answer gives',
    hint: 'Normal for the first call of a client and once in a while: it makes a new proof with the nonce (RFC 9449 §9).',
  },
  dpop_proofs_too_many: {
    stage: 'authenticate',
    status: 503,
    retryable: true,
    fault: 'caller',
    message: 'Cannot take the proof (DPoP) now: too many came in a short time',
    hint: '{held} proofs are remembered until they are too old, and no more of this key, or at all. Lower --dpop-max-age, or look who calls so often.',
  },
  keys_unavailable: {
    stage: 'authenticate',
    status: 503,
    retryable: true,
    fault: 'neighbour',
    message: 'Cannot verify the token now: the keys of {issuer} are not available',
    hint: 'Fetching them failed: {reason}. The token may well be good; callers are told to retry.',
  },
  token_inactive: {
    stage: 'authenticate',
    status: 401,
    challenge: 'invalid_token',
    fault: 'caller',
    message: 'Cannot accept the token: {issuer} says that it is not active',
    hint: 'It expired, was revoked, or was never issued there. If it happens to everybody: {url} also says so of tokens that the client {clientId} may not ask about (RFC 7662 §2.2).',
  },
  introspection_undiscovered: {
    stage: 'authenticate',
    status: 503,
    retryable: true,
    fault: 'operator',
    message: 'Cannot verify the token now: it is not known where {issuer} can be asked about it',
    hint: 'Its metadata: {reason}. Where it publishes none, give --introspection-url (url); what it takes, --introspection-client-auth (clientAuthentication). Callers are told to retry.',
  },
  introspection_unavailable: {
    stage: 'authenticate',
    status: 503,
    retryable: true,
    fault: 'neighbour',
    message: 'Cannot verify the token now: {issuer} cannot be asked about it',
    hint: 'The introspection endpoint {url}: {reason}. The token may well be good; callers are told to retry.',
  },
  introspection_misconfigured: {
    stage: 'authenticate',
    status: 502,
    fault: 'operator',
    message: "Cannot verify the token: {issuer} refused the gateway's own request; the operator has to mend it",
    hint: 'The introspection endpoint {url} answered the client {clientId} with {status} {error}: {description}. Check its id and secret, and that it may introspect.',
  },
  introspection_answer_invalid: {
    stage: 'authenticate',
    status: 502,
    fault: 'neighbour',
    message: 'Cannot verify the token: the answer of {issuer} about it cannot be used',
    hint: 'The answer of {url}: {reason}.',
  },

  // readCall
  body_too_large: {
    stage: 'readCall',
    status: 413,
    fault: 'caller',
    message: 'Cannot read the call: its body is larger than {limit}',
    hint: 'Raise bodyLimitBytes (--body-limit) if calls of this size are meant.',
  },
  body_not_json: {
    stage: 'readCall',
    status: 400,
    jsonRpc: -32700,
    fault: 'caller',
    message: 'Cannot read the call: the body is not JSON',
    hint: 'See what the client sends: a POST to this path has a JSON-RPC message in its body (JSON-RPC 2.0 §5.1, parse error).',
  },
  body_not_json_rpc: {
    stage: 'readCall',
    status: 400,
    jsonRpc: -32600,
    fault: 'caller',
    message: 'Cannot read the call: {reason}',
    hint: 'See what the client sends: a message is an object with "jsonrpc":"2.0" and each key once (JSON-RPC 2.0 §4).',
  },
  content_type_refused: {
    stage: 'readCall',
    status: 415,
    fault: 'caller',
    message: 'Cannot read the call: content type is {found}, expected application/json',
    hint: 'MCP messages are posted as application/json, unencoded.',
  },
  params_invalid: {
    stage: 'readCall',
    status: 400,
    jsonRpc: -32602,
    fault: 'caller',
    message: 'Cannot read the call: {what}',
    hint: 'MCP: tools and prompts have a name, resources a uri, tasks a taskId, each a text.',
  },
  header_mismatch: {
    stage: 'readCall',
    status: 400,
    // HeaderMismatch (MCP 2026-07-28, Streamable HTTP, server validation).
    jsonRpc: -32020,
    fault: 'caller',
    message: 'Cannot read the call: headers and body do not say the same: {reason}',
    hint: 'MCP 2026-07-28: MCP-Protocol-Version, Mcp-Method and Mcp-Name repeat the body. A client that gets this is defective, or somebody tries to be seen as another call.',
  },
  body_holds_token: {
    stage: 'readCall',
    status: 400,
    fault: 'caller',
    message: "Cannot pass the call on: the caller's own token is in its body; send it in the Authorization header only",
    hint: 'Bodies go on as they came, and the server behind must never see that token. A client, or a model, put it into an argument.',
  },
  body_incomplete: {
    stage: 'readCall',
    status: 400,
    fault: 'caller',
    message: 'Cannot read the call: the connection ended before the whole body arrived',
    hint: 'Nothing of it was forwarded.',
  },

  // authorize
  insufficient_scope: {
    stage: 'authorize',
    status: 403,
    challenge: 'insufficient_scope',
    fault: 'caller',
    message: 'Cannot allow the call: the token has scope {found}, this needs {expected}',
    hint: 'The client can ask the authorization server for the missing scope; check that a policy there may grant it.',
  },

  tool_unknown: {
    stage: 'authorize',
    // As a server answers for a tool it does not have (MCP, tools, error handling): nothing tells the two apart.
    status: 200,
    jsonRpc: -32602,
    fault: 'caller',
    message: 'Unknown tool: {tool}',
    hint: 'There may be one, but {rule}; for this caller it does not exist.',
  },
  session_unknown: {
    stage: 'authorize',
    status: 404,
    fault: 'caller',
    message: 'Cannot go on with the session: it is not known here; start a new one',
    hint: '{reason}. The client initializes again by itself.',
  },
  method_unknown: {
    stage: 'authorize',
    status: 404,
    jsonRpc: -32601,
    fault: 'caller',
    message: 'Unknown method: {method}',
    hint: 'Tasks are asked for by tasks/get, tasks/update and tasks/cancel from protocol version 2026-07-28 on.',
  },
  capability_missing: {
    stage: 'authorize',
    status: 400,
    // MissingRequiredClientCapability (MCP 2026-07-28).
    jsonRpc: -32021,
    data: { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } },
    fault: 'caller',
    message: 'Cannot allow the call: the client does not declare {capability}',
    hint: 'The method belongs to an extension that both sides have to declare.',
  },
  task_unknown: {
    stage: 'authorize',
    status: 200,
    jsonRpc: -32602,
    fault: 'caller',
    message: 'Unknown task: {task}',
    hint: '{reason}. Tasks belong to the user and client that started them.',
  },

  rate_limited: {
    stage: 'authorize',
    // RFC 6585 §4.
    status: 429,
    retryable: true,
    fault: 'caller',
    message: 'Cannot take the call now: it is beyond {limit}; try again in {seconds} s',
    hint: 'The limit is {setting} of this server, counted for {whom}. Raise it if so many calls are meant; if not, look what calls in a loop.',
  },
  batch_over_limit: {
    stage: 'authorize',
    status: 400,
    fault: 'caller',
    message:
      'Cannot take the batch: it has {count} calls, and {limit} lets at most {most} through at once; send fewer together',
    hint: 'It would be refused however long the client waits. Raise the burst of the limit if batches of this size are meant.',
  },

  // exchange
  exchange_subject_refused: {
    stage: 'exchange',
    status: 401,
    challenge: 'invalid_token',
    fault: 'caller',
    message: 'Cannot act for the caller: the identity provider no longer accepts the token; sign in again',
    hint: 'The provider answered {status} {error}: {description}. The session or user ended there, or its authorization server does not trust the one that issued the token.',
  },
  exchange_step_up: {
    stage: 'exchange',
    status: 401,
    challenge: 'insufficient_user_authentication',
    fault: 'caller',
    message: 'Cannot act for the caller: the identity provider wants a stronger or more recent sign-in',
    hint: 'The provider answered {status} {error}: {description}. The challenge says what it asks for (RFC 9470); the client has to ask for that when the user signs in.',
  },
  exchange_denied: {
    stage: 'exchange',
    status: 403,
    fault: 'caller',
    message:
      'Cannot act for the caller: the identity provider does not allow this user or gateway to reach the service behind',
    hint: 'The provider answered {status} {error}: {description}. Look at the access policies of the authorization server at {url}.',
  },
  exchange_misconfigured: {
    stage: 'exchange',
    status: 502,
    fault: 'operator',
    message:
      "Cannot act for the caller: the identity provider refused the gateway's own request; the operator has to mend it",
    hint: 'The token endpoint {url} answered {status} {error}: {description}. Check client id, secret, grant, audience and scopes of the exchange.',
  },
  operator_login_needed: {
    stage: 'exchange',
    status: 503,
    retryable: true,
    fault: 'operator',
    message: 'Cannot call {server} now: the person who runs this gateway has to sign in again',
    hint: '{reason}. The log of the gateway has the address to sign in at; starting it anew asks as well.',
  },
  exchange_unavailable: {
    stage: 'exchange',
    status: 503,
    retryable: true,
    fault: 'neighbour',
    message: 'Cannot act for the caller now: the identity provider does not answer as it should',
    hint: 'The token endpoint {url}: {reason}.',
  },
  exchange_answer_invalid: {
    stage: 'exchange',
    status: 502,
    fault: 'neighbour',
    message: "Cannot act for the caller: the identity provider's answer is not a usable token",
    hint: 'The answer of {url}: {reason}. Nothing was sent upstream.',
  },
  exchange_user_refused: {
    stage: 'exchange',
    status: 403,
    fault: 'caller',
    message: 'Cannot act for the caller: this server is called as the gateway itself, for callers without a user only',
    hint: 'The caller {subject} is a user, who would not be known behind. Exchange their token instead, or set alsoForUsers if the server behind may take every call for the gateway’s.',
  },

  // forward
  workload_down: {
    stage: 'forward',
    status: 503,
    retryable: true,
    fault: 'neighbour',
    message: 'Cannot reach the MCP server behind this gateway now: it ended and is to be started again',
    hint: '{reason}. {next}.',
  },
  upstream_unreachable: {
    stage: 'forward',
    status: 502,
    fault: 'neighbour',
    message: 'Cannot reach the MCP server behind this gateway',
    hint: '{target}: {reason}. Is it running and listening there?',
  },
  upstream_timeout: {
    stage: 'forward',
    status: 504,
    fault: 'neighbour',
    message: 'The MCP server behind this gateway did not answer in time',
    hint: '{target}: {reason}. Raise answerTimeoutSeconds (--answer-timeout) if its tools may work for longer.',
  },
  upstream_failed: {
    stage: 'forward',
    status: 502,
    fault: 'neighbour',
    message: 'The MCP server behind this gateway ended the connection before it answered',
    hint: '{target}: {reason}.',
  },
  upstream_full: {
    stage: 'forward',
    status: 503,
    retryable: true,
    fault: 'neighbour',
    message: 'The MCP server behind this gateway cannot take more calls now',
    hint: '{target}: {reason}.',
  },
  upstream_refused_credential: {
    stage: 'forward',
    status: 502,
    fault: 'operator',
    message: 'The service behind this gateway refused the token it was given; the operator has to mend it',
    hint: '{target} answered 401, also to a freshly exchanged token: {words}. Compare the audience, issuer and scopes it expects with the exchange settings, and with DPoP the URL its proofs have to be for.',
  },
  upstream_redirected: {
    stage: 'forward',
    status: 502,
    fault: 'neighbour',
    message: 'The MCP server behind this gateway answered with a redirect, which is never followed',
    hint: '{target} pointed elsewhere with status {status}; configure the final address as the target.',
  },

  // audit
  audit_unavailable: {
    stage: 'audit',
    status: 503,
    retryable: true,
    fault: 'operator',
    message: 'Cannot take the call: the audit trail cannot be written',
    hint: 'Writing {path} failed: {reason}. Calls are refused until it works again.',
  },

  audit_incomplete: {
    stage: 'audit',
    status: 0,
    exitCode: 5,
    fault: 'operator',
    message: 'Cannot write the audit trail to its end: lines lost: {lines}',
    hint: 'Writing {path} failed: {reason}. The calls of these lines were answered or refused before.',
  },

  // anything nobody foresaw
  internal: {
    stage: 'listen',
    status: 500,
    jsonRpc: -32603,
    fault: 'usher',
    message: 'Something went wrong inside the gateway',
    hint: '{reason}. This is a defect of Usher: please report it with the request id.',
  },

  // configure, start: the command line
  config_invalid: {
    stage: 'configure',
    status: 0,
    exitCode: 2,
    fault: 'operator',
    message: '{report}',
    hint: 'All problems are listed at once; nothing was started.',
  },
  usage_invalid: {
    stage: 'configure',
    status: 0,
    exitCode: 2,
    fault: 'operator',
    message: '{report}',
    hint: '{help}',
  },
  token_unreadable: {
    stage: 'configure',
    status: 0,
    exitCode: 2,
    fault: 'operator',
    message: 'Cannot read the token: {reason}',
    hint: 'Expected a signed JWT: header, payload and signature in base64url, joined by dots; pipe it in, or set USHER_TOKEN.',
  },
  token_unverified: {
    stage: 'configure',
    status: 0,
    exitCode: 1,
    fault: 'operator',
    message: 'Cannot verify the token: {reason}',
    hint: 'What the token says, above, is not to be believed.',
  },
  decision_unknown: {
    stage: 'configure',
    status: 0,
    exitCode: 1,
    fault: 'operator',
    message: 'Cannot explain {id}: it is not in {path}',
    hint: 'The id stands in the refusal (error.data.id, request_id of the challenge) and in the log. After a log rotation it may be in an older file, and that of usher serve is where its configuration says: --audit-file names a file, -f a configuration.',
  },
  port_busy: {
    stage: 'start',
    status: 0,
    exitCode: 3,
    fault: 'operator',
    message: 'Cannot listen on {address}: {reason}',
    hint: '{advice}.',
  },
  listen_failed: {
    stage: 'start',
    status: 0,
    exitCode: 3,
    fault: 'operator',
    message: 'Cannot listen on {address}: {reason}',
    hint: 'Check the address and the permission to use it.',
  },
  workload_failed: {
    stage: 'start',
    status: 0,
    exitCode: 4,
    fault: 'operator',
    message: 'Cannot run {command}: {reason}',
    hint: 'Try the command by itself in a shell.',
  },
  engine_unavailable: {
    stage: 'start',
    status: 0,
    exitCode: 4,
    fault: 'operator',
    message: 'Cannot reach a container engine: {reason}',
    hint: '{advice}.',
  },
  container_failed: {
    stage: 'start',
    status: 0,
    exitCode: 4,
    fault: 'operator',
    message: 'Cannot run the image {image}: {reason}',
    hint: '{advice}.',
  },
  runner_missing: {
    stage: 'start',
    status: 0,
    exitCode: 4,
    fault: 'operator',
    message: 'Cannot fetch the package {package}: {reason}',
    hint: '{install}; or run it in a container, with --in-container.',
  },
  package_failed: {
    stage: 'start',
    status: 0,
    exitCode: 4,
    fault: 'operator',
    message: 'Cannot fetch the package {package}: {reason}',
    hint: '{advice}.',
  },
  registry_unusable: {
    stage: 'start',
    status: 0,
    exitCode: 1,
    fault: 'operator',
    message: 'Cannot use the registry {registry}: {reason}',
    hint: '{advice}.',
  },
  registry_state_unusable: {
    stage: 'start',
    status: 0,
    exitCode: 1,
    fault: 'operator',
    message: 'Cannot use {path}, where Usher keeps which servers of registries were agreed to: {reason}',
    hint: 'Look at it, and move it away when it cannot be mended: then you are asked again.',
  },
  name_unknown: {
    stage: 'start',
    status: 0,
    exitCode: 2,
    fault: 'operator',
    message: 'There is no MCP server {name} in {registries}; {suggestion}',
    hint: 'Other registries are asked with --registry: official, a URL or a file. A command stands behind --, an image has a tag, a package begins with npx:, uvx: or go:.',
  },
  name_ambiguous: {
    stage: 'start',
    status: 0,
    exitCode: 2,
    fault: 'operator',
    message: 'Several MCP servers of {registry} are called {name}: {names}',
    hint: 'Give the whole name of the one you mean.',
  },
  registry_entry_refused: {
    stage: 'start',
    status: 0,
    exitCode: 4,
    fault: 'operator',
    message: 'Cannot run {name} as its registry describes it: {reason}',
    hint: 'Where you trust it all the same, run it without the registry: by its package, its image or its URL.',
  },
  registry_consent_needed: {
    stage: 'start',
    status: 0,
    exitCode: 2,
    fault: 'operator',
    message: 'Nobody agreed to running {name} {version} of {registry}: {reason}',
    hint: 'Read what it is above; then say --yes, once.',
  },
  output_failed: {
    stage: 'start',
    status: 0,
    exitCode: 1,
    fault: 'operator',
    message: 'Cannot write to stdout: {reason}',
    hint: 'What was written before may be cut off. Make room, or send the output elsewhere.',
  },
  setup_refused: {
    stage: 'start',
    status: 0,
    exitCode: 1,
    fault: 'operator',
    message: 'Cannot set up {title}: {target} refused to {action}, {status} {code}',
    hint: 'It said: {description}. What was done before is on record: run the same again to go on, or with --undo.',
  },
  setup_conflict: {
    stage: 'start',
    status: 0,
    exitCode: 2,
    fault: 'operator',
    message: 'Cannot set up {title}: {reason}',
    hint: '{advice}.',
  },
  client_state_unusable: {
    stage: 'start',
    status: 0,
    exitCode: 1,
    fault: 'operator',
    message: 'Cannot use {path}, where Usher keeps {what}: {reason}',
    hint: '{advice}.',
  },
  client_not_written: {
    stage: 'configure',
    status: 0,
    exitCode: 1,
    fault: 'operator',
    message: '{report}',
    hint: 'There, nothing was changed; run it again when that is mended. Elsewhere it is done.',
  },
  login_failed: {
    stage: 'start',
    status: 0,
    exitCode: 7,
    fault: 'operator',
    message: 'Cannot sign in for {server}: {reason}',
    hint: '{advice}.',
  },
  secret_store_unusable: {
    stage: 'start',
    status: 0,
    exitCode: 6,
    fault: 'operator',
    message: 'Cannot use the secret store {path}: {reason}',
    hint: '{advice}.',
  },
  secret_unknown: {
    stage: 'configure',
    status: 0,
    exitCode: 1,
    fault: 'operator',
    message: 'There is no secret {name} in {path}',
    hint: '{advice}.',
  },
  server_unknown: {
    stage: 'start',
    status: 0,
    exitCode: 1,
    fault: 'operator',
    message: 'There is no {what}',
    hint: '{advice}.',
  },
  server_exists: {
    stage: 'start',
    status: 0,
    exitCode: 1,
    fault: 'operator',
    message: 'Cannot run a server called {name}: {reason}',
    hint: '{advice}.',
  },
  import_refused: {
    stage: 'configure',
    status: 0,
    exitCode: 2,
    fault: 'operator',
    message: 'Cannot import {file}: {report}',
    hint: '{advice}.',
  },
  server_not_started: {
    // Lines of its log are part of it.
    stage: 'configure',
    status: 0,
    exitCode: 3,
    fault: 'operator',
    message: 'Cannot start {name}: {reason}',
    hint: '{advice}.',
  },
  server_not_stopped: {
    stage: 'start',
    status: 0,
    exitCode: 1,
    fault: 'usher',
    message: 'Cannot {what} {name}: {reason}',
    hint: '{advice}.',
  },
  server_state_unusable: {
    stage: 'start',
    status: 0,
    exitCode: 1,
    fault: 'operator',
    message: 'Cannot use {path}, where Usher keeps the servers it runs: {reason}',
    hint: '{advice}.',
  },
  idp_state_unusable: {
    stage: 'start',
    status: 0,
    exitCode: 1,
    fault: 'operator',
    message: 'Cannot use {path}, which the development provider keeps: {reason}',
    hint: '{advice}.',
  },
  no_background: {
    stage: 'start',
    status: 0,
    exitCode: 2,
    fault: 'operator',
    message: 'Cannot go to the background: {reason}',
    hint: 'Add --foreground: whoever started Usher then sees it run, and sees it end.',
  },
  setup_unavailable: {
    stage: 'start',
    status: 0,
    exitCode: 1,
    fault: 'neighbour',
    message: 'Cannot set up {title}: {target} does not answer as it should: {reason}',
    hint: 'Is that its address, and can it be reached from this machine? What was done before is on record: run the same again to go on, or with --undo.',
  },
  step_failed: {
    stage: 'start',
    status: 0,
    exitCode: 1,
    fault: 'usher',
    message: '{step} failed: {reason}',
    hint: 'The lines above say what happened before.',
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof rows;

/** The table itself, for whatever is derived from it. */
export const errorTable: { readonly [C in ErrorCode]: ErrorRow } = rows;

type Placeholders<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;

/** The details a code needs: one entry per placeholder of its message and hint. */
export type ErrorDetails<C extends ErrorCode> = {
  readonly [N in Placeholders<(typeof rows)[C]['message']> | Placeholders<(typeof rows)[C]['hint']>]: string | number;
};
