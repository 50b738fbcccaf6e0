import { z } from 'zod';
import { anonymousSchema } from '../authenticators/anonymous/schema.ts';
import { dpopSchema } from '../authenticators/dpop/schema.ts';
import { localTokenSchema } from '../authenticators/local-token/schema.ts';
import { introspectionSchema } from '../authenticators/introspection/schema.ts';
import { jwtSchema } from '../authenticators/jwt/schema.ts';
import { jsonlSchema } from '../audit/jsonl/schema.ts';
import { buildChainSchema } from '../credentials/chain/schema.ts';
import { clientCredentialsSchema } from '../credentials/client-credentials/schema.ts';
import { entraOboSchema } from '../credentials/entra-obo/schema.ts';
import { idJagSchema } from '../credentials/id-jag/schema.ts';
import { operatorLoginSchema } from '../credentials/operator-login/schema.ts';
import { noneSchema } from '../credentials/none/schema.ts';
import { staticHeaderSchema } from '../credentials/static-header/schema.ts';
import { tokenExchangeSchema } from '../credentials/token-exchange/schema.ts';
import { facadeSchema } from '../facade/schema.ts';
import { isNetwork } from '../lib/networks.ts';
import { setting, strategySetting } from '../model/setting.ts';
import { webUrl } from '../model/web-url.ts';
import { rateLimitSchema } from '../policies/rate-limit/schema.ts';
import { scopesSchema } from '../policies/scopes/schema.ts';
import { redisSchema } from '../state/redis/schema.ts';
import { httpSchema } from '../upstreams/http/schema.ts';
import { containerSchema } from '../workloads/container/schema.ts';
import { sseSettings } from '../upstreams/sse/schema.ts';
import { stdioSettings } from '../upstreams/stdio/schema.ts';
import { processSchema } from '../workloads/process/schema.ts';

const host = z.string().regex(/^[A-Za-z0-9._:[\]-]+$/, 'a host name or address');
const origin = z
  .string()
  .refine((text) => URL.canParse(text) && new URL(text).origin === text, 'an origin such as https://app.example.com');

/** Headers that carry who is calling, or how the message is framed: the gateway's own. MCP's go on by themselves. */
const ownHeaders = new Set(
  'authorization proxy-authorization dpop cookie cookie2 host connection keep-alive proxy-connection te trailer transfer-encoding upgrade content-length content-encoding expect accept-encoding'.split(
    ' ',
  ),
);
const forwardedHeader = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'a header name (RFC 9110 §5.1)')
  .refine(
    (name) => !ownHeaders.has(name.toLowerCase()),
    'a header that is not about credentials or framing, which Usher handles itself',
  );

/** Only the last token goes on, in the header of the chain. */
const noHeader = { header: true, headerPrefix: true } as const;
const chainSchema = buildChainSchema([
  tokenExchangeSchema.omit(noHeader).extend({ strategy: z.literal('token-exchange') }),
  entraOboSchema.omit(noHeader),
  idJagSchema.omit(noHeader),
]);

const credential = strategySetting(
  z.discriminatedUnion('strategy', [
    tokenExchangeSchema,
    entraOboSchema,
    clientCredentialsSchema,
    idJagSchema,
    chainSchema,
    staticHeaderSchema,
    noneSchema,
  ]),
  {
    help: 'As whom the server behind is called; need not be said beside a flag that begins with its name. A chain has its steps in a file',
    flag: 'credential',
    group: 'Credential',
    placeholder: 'NAME',
  },
);
const ownCredential = credential
  .optional()
  .describe("As whom the server behind is called for the callers of this issuer; as the server's credential");

export const serverSchema = z.strictObject({
  path: setting(
    z
      .string()
      .regex(/^\/(?:(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+(?:\/(?!$)|$))*$/, 'a plain path such as /mcp')
      .default('/mcp'),
    {
      help: 'Path this server is mounted at; the only one that is forwarded',
      flag: 'path',
      group: 'Server',
      placeholder: 'PATH',
    },
  ),
  resourceUrl: setting(webUrl().optional(), {
    help: 'URL clients know this server by, published in its metadata; default http://localhost:PORT (https with --tls-cert) and the path',
    flag: 'resource-url',
    group: 'Server',
    placeholder: 'URL',
    example: 'http://localhost:8000/mcp',
  }),
  allowedHosts: setting(z.array(host).default([]), {
    help: "Host names answered for, beside the resource URL's and the loopback names",
    flag: 'allowed-hosts',
    group: 'Server',
    placeholder: 'HOST,…',
  }),
  allowedOrigins: setting(z.array(origin).default([]), {
    help: "Origins of web pages that may call, beside the resource URL's own",
    flag: 'allowed-origins',
    group: 'Server',
    placeholder: 'ORIGIN,…',
  }),
  oauth: z
    .strictObject({
      clientId: setting(z.string().min(1).max(2048), {
        help: 'Client that people sign in with in their MCP client, where clients cannot register themselves; written into the clients that take it',
        flag: 'oauth-client-id',
        group: 'Server',
        placeholder: 'ID',
        example: '0oa1vscode',
        namesGroup: true,
      }),
      callbackPort: setting(z.number().int().min(1).max(65535).optional(), {
        help: 'Port their MCP client waits on after signing in, where the provider wants it registered',
        flag: 'oauth-callback-port',
        group: 'Server',
        placeholder: 'PORT',
        example: '33418',
      }),
    })
    .optional(),
  forwardHeaders: setting(z.array(forwardedHeader).default([]), {
    help: 'Request headers that go on to the server behind, beside those of MCP and of traces',
    flag: 'forward-headers',
    group: 'Server',
    placeholder: 'NAME,…',
    example: 'x-request-id',
  }),
  authenticate: z
    .array(
      z.discriminatedUnion('strategy', [
        jwtSchema.extend({ credential: ownCredential }),
        introspectionSchema.extend({ credential: ownCredential }).describe(introspectionSchema.description ?? ''),
        localTokenSchema,
        anonymousSchema,
      ]),
    )
    .min(1),
  dpop: dpopSchema.prefault({}),
  facade: facadeSchema.optional(),
  policy: z.discriminatedUnion('strategy', [scopesSchema]).prefault({ strategy: 'scopes' }),
  rateLimit: rateLimitSchema.prefault({}),
  credential: credential.default({ strategy: 'none' }),
  remoteAuth: operatorLoginSchema.optional(),
  upstream: z.discriminatedUnion('strategy', [
    httpSchema.extend(sseSettings()),
    processSchema.extend(stdioSettings()),
    containerSchema.extend(stdioSettings()),
  ]),
  bodyLimitBytes: setting(
    z
      .number()
      .int()
      .min(1024)
      .max(256 * 1024 * 1024)
      .default(4 * 1024 * 1024),
    {
      help: 'Largest body of one call',
      flag: 'body-limit',
      group: 'Server',
      placeholder: 'BYTES',
    },
  ),
  streamGraceSeconds: setting(z.number().min(0).max(31_536_000).default(60), {
    help: "How long a stream that only listens may outlive the caller's token; then it ends, and the client asks again",
    flag: 'stream-grace',
    group: 'Server',
    placeholder: 'SECONDS',
  }),
  answerTimeoutSeconds: setting(z.number().positive().max(86_400).default(300), {
    help: 'How long a tool may work until its answer begins; then it may take as long as it likes',
    flag: 'answer-timeout',
    group: 'Server',
    placeholder: 'SECONDS',
  }),
});

export const configSchema = z.strictObject({
  listen: z
    .strictObject({
      host: setting(host.default('127.0.0.1'), {
        help: 'Address to listen on',
        flag: 'host',
        group: 'Listener',
        placeholder: 'ADDRESS',
      }),
      port: setting(z.number().int().min(0).max(65535).default(8000), {
        help: 'Port to listen on; 0 takes a free one',
        flag: 'port',
        flagAliases: ['proxy-port'],
        group: 'Listener',
        placeholder: 'PORT',
      }),
      tls: z
        .strictObject({
          certFile: setting(z.string().min(1), {
            help: 'PEM file of the certificate to listen with (https), with those between it and its authority',
            flag: 'tls-cert',
            group: 'Listener',
            placeholder: 'PATH',
            example: '/etc/usher/tls.crt',
            path: true,
          }),
          keyFile: setting(z.string().min(1), {
            help: 'PEM file of the private key of that certificate, without a passphrase',
            flag: 'tls-key',
            group: 'Listener',
            placeholder: 'PATH',
            example: '/etc/usher/tls.key',
            path: true,
          }),
        })
        .optional(),
      maxConnections: setting(z.number().int().min(1).max(1_000_000).optional(), {
        help: 'Most connections at once; by default about half of what the limit of open files allows',
        flag: 'max-connections',
        group: 'Listener',
        placeholder: 'NUMBER',
      }),
      drainTimeoutSeconds: setting(z.number().min(0).max(3600).default(10), {
        help: 'How long running calls may take to end after a stop signal',
        flag: 'drain-timeout',
        group: 'Listener',
        placeholder: 'SECONDS',
      }),
      trustedProxies: setting(
        z.array(z.string().refine(isNetwork, 'an address or a network such as 10.0.0.0/8')).default([]),
        {
          help: 'Proxies in front whose X-Forwarded-For names the caller in the audit trail',
          flag: 'trusted-proxies',
          group: 'Listener',
          placeholder: 'NETWORK,…',
          example: '10.0.0.0/8',
        },
      ),
    })
    .prefault({}),
  caFile: setting(z.string().min(1).optional(), {
    help: "PEM file of certificate authorities to trust beside the system's, for providers and servers behind",
    flag: 'ca-file',
    group: 'Listener',
    placeholder: 'PATH',
    path: true,
  }),
  state: redisSchema.optional(),
  log: z
    .strictObject({
      level: setting(z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'), {
        help: 'Least important thing that is logged',
        flag: 'log-level',
        group: 'Audit and log',
      }),
      format: setting(z.enum(['auto', 'pretty', 'json']).default('auto'), {
        help: 'Form of the log on stderr; auto is pretty on a terminal',
        flag: 'log-format',
        group: 'Audit and log',
      }),
    })
    .prefault({}),
  audit: jsonlSchema.prefault({}),
  servers: z.record(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'a name of letters, digits, dots, dashes and underscores'),
    serverSchema,
  ),
});

/** As whom the server behind is called. */
export type CredentialConfig = z.output<typeof credential>;
export type Config = z.output<typeof configSchema>;
export type ServerConfig = z.output<typeof serverSchema>;
export type ChainStep = z.output<typeof chainSchema>['steps'][number];
