import { z } from 'zod';
import { authorizationServers } from '../../gateway/resource-metadata.ts';
import { describe, findErrorCode } from '../../lib/describe-error.ts';
import { type Check, failed, type Outcome, type Patient, pass, unknown } from '../check.ts';

const timeoutMs = 5_000;
const metadataSchema = z.looseObject({ resource: z.string(), authorization_servers: z.array(z.string()).catch([]) });

/** RFC 9728 §3: found by clients where the resource URL says, and naming that very URL (§3.3). */
export const resourceMetadata: Check = {
  id: 'resource-metadata',
  title: "Clients find this server's metadata at its resource URL, and they name it to the letter",
  needs: [],
  applies: ({ route }) => route.authenticator.issuers.length > 0,
  async run(patient) {
    const { route, config } = patient;
    const inserted = await read(route.resourceMetadataUrl, patient);
    if (typeof inserted !== 'string') return inserted;
    const { origin } = new URL(route.resourceUrl);
    const atRoot = await read(`${origin}/.well-known/oauth-protected-resource`, patient);
    const several = Object.keys(config.servers).length > 1;
    const root =
      typeof atRoot === 'string'
        ? 'also at the root'
        : several
          ? 'not at the root, since there are several servers'
          : 'not at the root';
    return pass(`${inserted}; ${root}`);
  },
};

/** What is there in a few words, or why it is not good. */
async function read(url: string, { http, route }: Patient): Promise<string | Outcome> {
  let answer: Response;
  try {
    answer = await http.send(url, { method: 'GET', headers: { accept: 'application/json' }, timeoutMs });
  } catch (error) {
    return judgeSilence(url, error);
  }
  const parsed = metadataSchema.safeParse(await answer.json().catch(() => undefined));
  if (answer.status !== 200 || !parsed.success) {
    return failed(`${url}: status ${answer.status}${answer.status === 200 ? ', no metadata document' : ''}`, {
      cause: 'resource-metadata-missing',
      fix: 'Set --resource-url to the URL clients use. A proxy in front has to pass /.well-known/oauth-protected-resource and what is behind it on to the gateway, on that very host.',
    });
  }
  const { resource, authorization_servers: servers } = parsed.data;
  if (resource !== route.resourceUrl) {
    return failed(
      `${url} names the resource ${JSON.stringify(resource)}, configured is ${JSON.stringify(route.resourceUrl)}`,
      {
        cause: 'resource-mismatch',
        fix: 'Another gateway or configuration answers there; clients refuse metadata of another resource, also where only a slash differs.',
      },
    );
  }
  const missing = authorizationServers(route).filter((issuer) => !servers.includes(issuer));
  if (missing.length > 0) {
    return failed(`${url} names the authorization servers ${servers.join(', ')}, configured is ${missing.join(', ')}`, {
      cause: 'resource-mismatch',
      fix: 'Another gateway or an older configuration answers there: restart or reload it.',
    });
  }
  return `${url} names ${resource} and ${servers.join(', ')}`;
}

function judgeSilence(url: string, error: unknown): Outcome {
  const reason = `${url}: ${describe(error)}`;
  const code = findErrorCode(error) ?? '';
  if (code === 'ECONNREFUSED')
    return unknown(reason, 'Start the gateway, then run this again; where it runs, --resource-url has the wrong port.');
  if (/^(ENOTFOUND|EAI_AGAIN)$/.test(code)) {
    return failed(reason, {
      cause: 'resource-host-unknown',
      fix: 'Set --resource-url to a URL that clients can reach, with a host name that exists.',
    });
  }
  return unknown(reason, 'Can this machine reach the gateway by its public name? Else run this where clients are.');
}
