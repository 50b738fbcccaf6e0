import { z } from 'zod';
import { scope } from '../../model/scope.ts';
import { Secret } from '../../model/secret.ts';
import { setting } from '../../model/setting.ts';
import { issuerUrl, resourceUri, webUrl } from '../../model/web-url.ts';
import { clientFields } from '../../oauth/client-authentication/schema.ts';

const group = 'Operator login';
const name = z.string().regex(/^[A-Za-z][\w.-]{0,99}$/, 'the name of a parameter');
/** What a request says by settings of their own, or what keeps it safe. */
const reserved = new Set(
  'client_id response_type response_mode redirect_uri scope state nonce code_challenge code_challenge_method resource request request_uri'.split(
    ' ',
  ),
);

const redirectUri = webUrl().refine((text) => {
  const { protocol, hostname } = new URL(text);
  return protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}, 'an http URL of this machine, such as http://127.0.0.1:33418');

/** Settings of `remoteAuth`: whoever runs the gateway signs in, and calls go on as them. */
export const operatorLoginSchema = z.strictObject({
  enabled: setting(z.boolean().default(true), {
    help: 'Sign in as the person who runs Usher, and call the server behind as them; callers on this machine need a token of its own',
    flag: 'remote-auth',
    group,
  }),
  issuer: setting(issuerUrl().optional(), {
    help: 'Authorization server to sign in at; without, the one that the server behind names when it refuses a call without a token',
    flag: 'remote-auth-issuer',
    group,
    placeholder: 'URL',
    example: 'https://example.okta.com/oauth2/aus1',
  }),
  authorizeUrl: setting(webUrl().optional(), {
    help: 'Authorization endpoint, where no metadata names it',
    flag: 'remote-auth-authorize-url',
    group,
    placeholder: 'URL',
  }),
  tokenUrl: setting(webUrl().optional(), {
    help: 'Token endpoint, where no metadata names it',
    flag: 'remote-auth-token-url',
    group,
    placeholder: 'URL',
  }),
  ...clientFields({ group, flagPrefix: 'remote-auth-client' }),
  clientId: setting(z.string().min(1).optional(), {
    help: 'Client to sign in as, or the URL of its metadata document where the server takes these; without, Usher registers itself',
    flag: 'remote-auth-client-id',
    group,
    placeholder: 'ID',
    example: '0oa1client',
  }),
  scopes: setting(z.array(scope).default([]), {
    help: 'Scopes to ask for; offline_access keeps people signed in at many providers',
    flag: 'remote-auth-scopes',
    group,
    placeholder: 'SCOPE,…',
    example: 'mcp:tools:call,openid,email',
    spaceSeparated: true,
  }),
  scopeParameter: setting(name.default('scope'), {
    help: 'What the provider calls the parameter with the scopes',
    flag: 'remote-auth-scope-param-name',
    group,
    placeholder: 'NAME',
  }),
  resource: setting(resourceUri().optional(), {
    help: 'Resource indicator to ask for (RFC 8707); by default the one that the server behind names in its metadata',
    flag: 'remote-auth-resource',
    group,
    placeholder: 'URL',
  }),
  parameters: setting(
    z
      .record(
        name.refine((one) => !reserved.has(one), 'a parameter that has no setting of its own'),
        z.string().max(2048),
      )
      .default({}),
    {
      help: 'Further parameters of the request to sign in, as the provider wants them',
      flag: 'remote-auth-parameter',
      group,
      placeholder: 'NAME=VALUE',
      example: 'audience=https://api.example.com',
    },
  ),
  flow: setting(z.enum(['auto', 'browser', 'device']).default('auto'), {
    help: 'How to sign in: with a browser on this machine, or by a code on another device (RFC 8628); auto takes the second where there is no browser and the provider can',
    flag: 'remote-auth-flow',
    group,
  }),
  callbackPort: setting(z.number().int().min(0).max(65_535).default(8666), {
    help: 'Port the browser comes back to, as http://localhost:PORT/callback, which has to be registered; 0 takes a free one, as http://127.0.0.1:PORT/callback',
    flag: 'remote-auth-callback-port',
    group,
    placeholder: 'PORT',
  }),
  redirectUri: setting(redirectUri.optional(), {
    help: 'Where the browser comes back to, where the client has another registered, to the letter',
    flag: 'remote-auth-redirect-uri',
    group,
    placeholder: 'URL',
    example: 'http://127.0.0.1:33418',
  }),
  timeoutSeconds: setting(z.number().positive().max(86_400).default(300), {
    help: 'How long to wait for the person to sign in',
    flag: 'remote-auth-timeout',
    group,
    placeholder: 'SECONDS',
  }),
  skipBrowser: setting(z.boolean().default(false), {
    help: 'Only show the address to sign in at; open no browser',
    flag: 'remote-auth-skip-browser',
    group,
  }),
  bearerToken: setting(z.instanceof(Secret).optional(), {
    help: 'Token of the person, where they have one already; nobody signs in then',
    flag: 'remote-auth-bearer-token',
    group,
    placeholder: 'TOKEN',
    secret: true,
  }),
  open: setting(z.boolean().default(false), {
    help: 'Let every program on this machine, of any user, call as the person who signed in, without a token',
    flag: 'remote-auth-open',
    group,
  }),
});

export type OperatorLoginSettings = z.output<typeof operatorLoginSchema>;
