import { z } from 'zod';
import { setting } from '../../model/setting.ts';
import { issuerUrl, webUrl } from '../../model/web-url.ts';
import { clientFields } from '../../oauth/client-authentication/schema.ts';
import { longestSkewSeconds } from '../longest-skew.ts';

const group = 'Introspection';

/** Settings of the `introspection` authenticator: tokens only their issuer can read, or has to be asked about (RFC 7662). */
export const introspectionSchema = z
  .strictObject({
    strategy: z.literal('introspection'),
    issuer: setting(issuerUrl(), {
      help: "Issuer of the callers' tokens that it is asked about",
      flag: 'introspection-issuer',
      group,
      placeholder: 'URL',
      example: 'https://example.okta.com/oauth2/aus1',
    }),
    url: setting(webUrl().optional(), {
      help: 'Its introspection endpoint (RFC 7662); discovered when not given',
      flag: 'introspection-url',
      flagAliases: ['oidc-introspection-url'],
      group,
      placeholder: 'URL',
      example: 'https://example.okta.com/oauth2/aus1/v1/introspect',
    }),
    audience: setting(z.array(z.string().min(1)).min(1), {
      help: 'Audience such a token must be meant for; any one of several',
      flag: 'introspection-audience',
      group,
      placeholder: 'AUDIENCE',
      example: 'mcpserver',
    }),
    ...clientFields({ group, flagPrefix: 'introspection-client' }),
    tokenPrefix: setting(
      z
        .string()
        .regex(/^[A-Za-z0-9._~+/-]*$/, 'the beginning of a token, such as acme_')
        .default(''),
      {
        help: 'How its opaque tokens begin; needed where several issuers are asked about opaque tokens',
        flag: 'introspection-token-prefix',
        group,
        placeholder: 'TEXT',
        example: 'acme_',
      },
    ),
    acceptUntyped: setting(z.boolean().default(false), {
      help: 'Take tokens whose kind its answers do not say (token_type); only where it is never asked about refresh tokens',
      flag: 'introspection-accept-untyped',
      group,
    }),
    cacheSeconds: setting(z.number().int().min(0).max(3600).default(30), {
      help: 'How long an answer counts; never past the end of the token; 0 asks for each call',
      flag: 'introspection-cache',
      group,
      placeholder: 'SECONDS',
    }),
    clockSkewSeconds: setting(z.number().int().min(0).max(longestSkewSeconds).default(30), {
      help: 'Leeway for the times in its answers',
      flag: 'introspection-clock-skew',
      group,
      placeholder: 'SECONDS',
    }),
    insecureAllowHttp: setting(z.boolean().default(false), {
      help: 'Ask over plain http outside this machine',
      flag: 'introspection-insecure-allow-http',
      group,
    }),
  })
  .describe('Tokens that only their issuer can read, or has to be asked about (RFC 7662)');

export type IntrospectionSettings = z.output<typeof introspectionSchema>;
