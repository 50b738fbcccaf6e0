import { Secret } from '../model/secret.ts';
import { isSaid, type PlanDraft } from './import-plan.ts';
import type { OidcConfig, RunConfig, TokenExchangeConfig } from './run-config.ts';

const tokenTypes: Readonly<Record<string, string>> = {
  'urn:ietf:params:oauth:token-type:access_token': 'access_token',
  'urn:ietf:params:oauth:token-type:id_token': 'id_token',
  'urn:ietf:params:oauth:token-type:jwt': 'jwt',
};

/** Who may call, and as whom the server behind is called. */
export function planAuthentication(config: RunConfig, draft: PlanDraft): void {
  planCallers(config, draft);
  if (config.token_exchange_config !== undefined) planExchange(config.token_exchange_config, draft);
}

function planCallers({ oidc_config: oidc, thv_ca_bundle: bundle }: RunConfig, draft: PlanDraft): void {
  const caFile = oidc?.CACertPath ?? '';
  if (isSaid(bundle) && isSaid(caFile) && bundle !== caFile)
    draft.refuse('thv_ca_bundle', 'is another file than oidc_config.CACertPath, and there is one for all here');
  if (isSaid(caFile)) draft.set('ca-file', 'oidc_config.CACertPath', caFile);
  else draft.set('ca-file', 'thv_ca_bundle', bundle);
  if (oidc === undefined) return;
  draft.set('resource-url', 'oidc_config.ResourceURL', oidc.ResourceURL);
  if (!isSaid(oidc.Issuer) || !isSaid(oidc.Audience)) {
    const lacks = isSaid(oidc.Issuer) ? 'Audience' : 'Issuer';
    draft.refuse(`oidc_config.${lacks}`, 'is missing: tokens of anybody, or for anything, would be taken');
  } else if (isSaid(oidc.IntrospectionURL)) planIntrospection(oidc, draft);
  else planJwt(oidc, draft);
  if (isSaid(oidc.Scopes)) {
    draft.set('oidc-scopes', 'oidc_config.Scopes', oidc.Scopes);
    draft.remark('oidc_config.Scopes', 'every call needs them now; ToolHive only told clients of them');
  }
  if (oidc.AllowPrivateIP === true)
    draft.remark('oidc_config.AllowPrivateIP', 'an issuer is asked for its keys wherever it is');
  if (isSaid(oidc.AuthTokenFile))
    draft.block('oidc_config.AuthTokenFile', 'is a token for the request for keys, which Usher sends without');
  if (!isSaid(oidc.IntrospectionURL) && (isSaid(oidc.ClientID) || isSaid(oidc.ClientSecret)))
    draft.remark('oidc_config.ClientID', 'is used for nothing where no token is introspected');
}

function planJwt(oidc: OidcConfig, draft: PlanDraft): void {
  draft.set('oidc-issuer', 'oidc_config.Issuer', oidc.Issuer);
  draft.set('oidc-audience', 'oidc_config.Audience', oidc.Audience);
  draft.set('oidc-jwks-url', 'oidc_config.JWKSURL', oidc.JWKSURL);
  if (oidc.InsecureAllowHTTP === true) draft.set('oidc-insecure-allow-http', 'oidc_config.InsecureAllowHTTP', 'true');
}

/** One issuer is one entry here: whoever is asked about tokens is asked about all of them. */
function planIntrospection(oidc: OidcConfig, draft: PlanDraft): void {
  draft.set('introspection-issuer', 'oidc_config.Issuer', oidc.Issuer);
  draft.set('introspection-audience', 'oidc_config.Audience', oidc.Audience);
  draft.set('introspection-url', 'oidc_config.IntrospectionURL', oidc.IntrospectionURL);
  draft.set('introspection-client-id', 'oidc_config.ClientID', oidc.ClientID);
  planSecret('introspection-client-secret', 'oidc_config.ClientSecret', oidc.ClientSecret, draft);
  if (oidc.InsecureAllowHTTP === true)
    draft.set('introspection-insecure-allow-http', 'oidc_config.InsecureAllowHTTP', 'true');
  draft.remark(
    'oidc_config.IntrospectionURL',
    'the issuer is asked about every token; ToolHive verifies signed ones itself',
  );
}

function planExchange(exchange: TokenExchangeConfig, draft: PlanDraft): void {
  const key = (name: keyof TokenExchangeConfig) => `token_exchange_config.${name}`;
  draft.set('token-exchange-url', key('token_url'), exchange.token_url);
  draft.set('token-exchange-client-id', key('client_id'), exchange.client_id);
  planSecret('token-exchange-client-secret', key('client_secret'), exchange.client_secret, draft);
  draft.set('token-exchange-audience', key('audience'), exchange.audience);
  draft.set('token-exchange-scopes', key('scopes'), exchange.scopes);
  const { subject_token_type: type = '', header_strategy: how = '', external_token_header_name: header } = exchange;
  draft.set(
    'token-exchange-subject-token-type',
    key('subject_token_type'),
    Object.hasOwn(tokenTypes, type) ? tokenTypes[type] : type,
  );
  if (how !== '' && how !== 'replace' && how !== 'custom')
    draft.refuse(key('header_strategy'), `is ${JSON.stringify(how)}, expected replace or custom`);
  if (how !== 'custom') return;
  draft.set('token-exchange-header', key('external_token_header_name'), header);
  draft.remark(key('header_strategy'), "the caller's own token does not go on in Authorization any more");
}

/** A secret itself, or its name in the store of ToolHive: `NAME,target=…`. Of the same name it is expected in that of Usher. */
export function planSecret(flag: string, key: string, text: string | undefined, draft: PlanDraft): void {
  if (text === undefined || text === '') return;
  const name = /^([^,=]+),target=[^,]*$/.exec(text)?.[1];
  if (name === undefined) draft.place(flag, key, { secret: new Secret(text) });
  else draft.place(flag, key, { reference: name });
}
