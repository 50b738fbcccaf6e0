import { z } from 'zod';
import { setting } from '../../model/setting.ts';
import { issuerUrl, webUrl } from '../../model/web-url.ts';
import { longestSkewSeconds } from '../longest-skew.ts';

const group = 'Caller authentication';

/** RFC 7518 §3.1 and RFC 8037 names Usher can verify. Never `none`, never a shared secret (RFC 8725 §3.1). */
export const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

/** Settings of the `jwt` authenticator: tokens signed by an OpenID Connect or OAuth authorization server. */
export const jwtSchema = z.strictObject({
  strategy: z.literal('jwt').default('jwt'),
  issuer: setting(issuerUrl(), {
    help: "Issuer of the callers' tokens; keys and endpoints are discovered from it",
    flag: 'oidc-issuer',
    group,
    placeholder: 'URL',
    example: 'https://example.okta.com/oauth2/aus1',
  }),
  audience: setting(z.array(z.string().min(1)).min(1), {
    help: 'Audience a token must be meant for; any one of several',
    flag: 'oidc-audience',
    group,
    placeholder: 'AUDIENCE',
    example: 'mcpserver',
  }),
  jwksUrl: setting(webUrl().optional(), {
    help: 'Where the issuer publishes its keys; discovered when not given',
    flag: 'oidc-jwks-url',
    group,
    placeholder: 'URL',
  }),
  algorithms: setting(
    z
      .array(z.enum(algorithms))
      .min(1)
      .default([...algorithms]),
    {
      help: 'Signature algorithms that are taken',
      flag: 'oidc-algorithms',
      group,
      placeholder: 'ALG,…',
    },
  ),
  clockSkewSeconds: setting(z.number().int().min(0).max(longestSkewSeconds).default(30), {
    help: 'Leeway for the times in a token',
    flag: 'oidc-clock-skew',
    group,
    placeholder: 'SECONDS',
  }),
  insecureAllowHttp: setting(z.boolean().default(false), {
    help: 'Take issuers and token endpoints over plain http that are not on this machine',
    flag: 'oidc-insecure-allow-http',
    group,
  }),
});

export type JwtSettings = z.output<typeof jwtSchema>;
