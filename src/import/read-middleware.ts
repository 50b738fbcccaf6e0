import { isDeepStrictEqual } from 'node:util';
import { decisive } from './decisive.ts';
import { isSaid, type PlanDraft } from './import-plan.ts';
import { describe, formatKey } from './parse-run-config.ts';
import { middlewareParameters, type OidcConfig, type RunConfig, type TokenExchangeConfig } from './run-config.ts';

/** Parts that are in every chain, or do what Usher does anyway. */
const needless: Readonly<Record<string, string | undefined>> = {
  'mcp-parser': undefined,
  recovery: undefined,
  'strip-auth': undefined,
  audit: 'there always is an audit trail: usher update --audit-file says where',
  telemetry: 'Usher sends no traces or metrics',
  usagemetrics: 'Usher tells nobody how often it is used',
};

/** Parts that decide something, by the field that means the same. */
const fieldOf: Readonly<Record<string, keyof RunConfig>> = {
  authorization: 'authz_config',
  upstreamswap: 'upstream_swap_config',
  awssts: 'aws_sts_config',
  ratelimit: 'rate_limit_config',
  'validating-webhook': 'validating_webhooks',
  'mutating-webhook': 'mutating_webhooks',
};

/** A configuration with what only its list of middleware says. Where both say something it has to be the same: which of them
 * holds depends on how the file is used.
 */
export function readMiddleware(config: RunConfig, draft: PlanDraft): RunConfig {
  let merged = config;
  const take = <K extends keyof RunConfig>(key: K, value: RunConfig[K], isSame: boolean, where: string): void => {
    if (value === undefined || !isSaid(value)) return;
    if (!isSaid(merged[key])) merged = { ...merged, [key]: value };
    else if (!isSame) draft.refuse(where, `says something else than ${key}; keep the one that is meant`);
  };
  for (const [index, { type, parameters = {} }] of (config.middleware_configs ?? []).entries()) {
    const where = `middleware_configs[${index}]`;
    const isKnown = (name: string): name is keyof typeof middlewareParameters =>
      Object.hasOwn(middlewareParameters, name);
    if (!isKnown(type)) {
      readOther(type, where, draft);
      continue;
    }
    const parsed = middlewareParameters[type].safeParse(parameters);
    if (!parsed.success) {
      for (const issue of parsed.error.issues)
        draft.refuse(formatKey([where, 'parameters', ...issue.path]), describe(issue));
      continue;
    }
    const read = parsed.data;
    if ('oidc_config' in read)
      take('oidc_config', read.oidc_config, isSameOidc(config.oidc_config, read.oidc_config), where);
    else if (type === 'auth' && isSaid(config.oidc_config))
      draft.refuse(where, 'lets everybody call, and oidc_config does not; keep the one that is meant');
    if ('token_exchange_config' in read) {
      const { token_exchange_config: exchange } = read;
      take('token_exchange_config', exchange, isSameExchange(config.token_exchange_config, exchange), where);
    }
    if ('filter_tools' in read)
      take('tools_filter', read.filter_tools, isDeepStrictEqual(config.tools_filter, read.filter_tools), where);
    if ('tools_override' in read && isSaid(read.tools_override))
      draft.block('tools_override', decisive.get('tools_override') ?? '');
    if ('allowed_origins' in read && !isSaid(merged.allowed_origins))
      take('allowed_origins', read.allowed_origins, true, where);
    if ('max_bytes' in read) draft.set('body-limit', `${where}.parameters.max_bytes`, read.max_bytes);
    // Also those whose values are secrets: they stand here in clear.
    if ('add_headers' in read && !isSaid(merged.header_forward))
      take('header_forward', { add_plaintext_headers: read.add_headers ?? {} }, true, where);
  }
  return merged;
}

function readOther(type: string, where: string, draft: PlanDraft): void {
  if (Object.hasOwn(needless, type)) {
    const what = needless[type];
    if (what !== undefined && !draft.remarks.some((one) => one.what === what)) draft.remark(`${where}, ${type}`, what);
    return;
  }
  const field = Object.hasOwn(fieldOf, type) ? fieldOf[type] : undefined;
  const what = field === undefined ? undefined : decisive.get(field);
  if (field !== undefined && what !== undefined) draft.block(field, what);
  else
    draft.block(where, `is ${JSON.stringify(type)}, which is not known; nobody can say whether it keeps somebody out`);
}

/** What decides who may call. Whether http is allowed is no difference: the stricter counts. */
function isSameOidc(one: OidcConfig | undefined, other: OidcConfig | undefined): boolean {
  const relevant = (config: OidcConfig | undefined) => [
    ...(['Issuer', 'Audience', 'JWKSURL', 'IntrospectionURL', 'ResourceURL'] as const).map(
      (key) => config?.[key] ?? '',
    ),
    config?.Scopes ?? [],
  ];
  return isDeepStrictEqual(relevant(one), relevant(other));
}

function isSameExchange(one: TokenExchangeConfig | undefined, other: TokenExchangeConfig | undefined): boolean {
  const relevant = (config: TokenExchangeConfig | undefined) => [
    ...(['token_url', 'client_id', 'audience', 'subject_token_type', 'external_token_header_name'] as const).map(
      (key) => config?.[key] ?? '',
    ),
    config?.scopes ?? [],
  ];
  return isDeepStrictEqual(relevant(one), relevant(other));
}
