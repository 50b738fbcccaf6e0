import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import type { JWK } from 'jose';
import type { AuditRecord } from '../../src/model/audit-record.ts';
import { sendJson, startHttpServer, type Respond, type TestServer } from './start-http-server.ts';
import { startIssuer, type TestIssuer } from './start-issuer.ts';
import { encodePart, makeSigningKey, signText, type SigningKey } from './signing-key.ts';
import { exchangingServer, startTestGateway, type TestGateway } from './start-test-gateway.ts';

/** An issuer, an upstream and a gateway between them, and a published key to forge tokens with. */
export interface TokenLab extends AsyncDisposable {
  readonly issuer: TestIssuer;
  readonly upstream: TestServer;
  readonly gateway: TestGateway;
  /** Among the issuer's published keys. */
  readonly key: SigningKey;
  /** Claims of a token that passes, with these changes; undefined leaves one out. */
  claims(changes?: Record<string, unknown>): Record<string, unknown>;
  /** A well-signed token; changes apply to header and claims, and either may be given as raw text or bytes instead. */
  token(changes?: TokenChanges): string;
  /** The audit record of a request, by the id its answer carried. */
  record(id: string): Promise<AuditRecord>;
}

export interface TokenChanges {
  readonly header?: Record<string, unknown> | string | Buffer;
  readonly claims?: Record<string, unknown> | string | Buffer;
  /** Signs with this instead of the lab's key. */
  readonly key?: SigningKey;
  /** What the signature is made with, whatever the header says. */
  readonly alg?: string;
}

export interface LabOptions {
  /** Published from the start beside the usual ones. */
  readonly keys?: readonly JWK[];
  readonly respond?: Respond;
  /** Bends the issuer before the gateway asks it for its keys. */
  readonly beforeStart?: (issuer: TestIssuer) => void;
  readonly server?: (usual: ServerInput, issuer: TestIssuer) => ServerInput;
  readonly now?: () => number;
}

type ServerInput = ReturnType<typeof exchangingServer>;

const answer = { jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'Czechia' }] } };

export async function startTokenLab(options: LabOptions = {}): Promise<TokenLab> {
  const issuer = await startIssuer();
  const key = makeSigningKey();
  issuer.keys.push(key.jwk, ...(options.keys ?? []));
  options.beforeStart?.(issuer);
  const upstream = await startHttpServer(options.respond ?? ((_, response) => sendJson(response, 200, answer)));
  const usual = exchangingServer(issuer, upstream);
  const servers = { apollo: options.server?.(usual, issuer) ?? usual };
  const gateway = await startTestGateway(servers, options.now === undefined ? {} : { now: options.now });

  const claims = (changes: Record<string, unknown> = {}) => {
    const nowSeconds = Math.floor((options.now ?? Date.now)() / 1000);
    return {
      jti: 'AT.forged',
      iss: issuer.issuer,
      aud: 'mcpserver',
      iat: nowSeconds,
      exp: nowSeconds + 3600,
      cid: '0oaClient',
      scp: ['mcp:tools:call'],
      sub: 'alice@example.com',
      ...changes,
    };
  };
  const lab: TokenLab = {
    issuer,
    upstream,
    gateway,
    key,
    claims,
    token(changes = {}) {
      const signer = changes.key ?? key;
      const header = isRaw(changes.header) ? changes.header : { alg: signer.alg, kid: signer.kid, ...changes.header };
      const text = `${encodePart(header)}.${encodePart(isRaw(changes.claims) ? changes.claims : claims(changes.claims))}`;
      return `${text}.${signText(changes.alg ?? signer.alg, text, signer.privateKey)}`;
    },
    record: (id) => findRecord(gateway, id),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await upstream[Symbol.asyncDispose]();
      await issuer[Symbol.asyncDispose]();
    },
  };
  return lab;
}

function isRaw(value: unknown): value is string | Buffer {
  return typeof value === 'string' || Buffer.isBuffer(value);
}

/** Records are written in batches of some milliseconds: looked for until it is there. */
async function findRecord({ auditFile }: TestGateway, id: string): Promise<AuditRecord> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const lines = (await readFile(auditFile, 'utf8')).split('\n').slice(0, -1);
    const found = lines.findLast((line) => line.includes(id));
    if (found !== undefined) return JSON.parse(found) as AuditRecord;
    await setTimeout(5);
  }
  throw new Error(`no audit record has the id ${id}`);
}
