import { isLoopbackHost } from '../lib/loopback.ts';
import { parsePackage } from '../packages/parse-package.ts';
import { describeWanted, readArguments, readEnvironment, valueOf } from './read-inputs.ts';
import { checkText, EntryProblem, quoted, refuseEntry } from './refuse-entry.ts';
import type { Entry, PackageDocument, RemoteDocument } from './server-document.ts';
import type { ServerPlan } from './server-plan.ts';

/** Where each kind comes from when nobody says anything else: the only places Usher lets an entry name. */
const ownRegistries: Readonly<Record<string, readonly string[]>> = {
  npm: ['https://registry.npmjs.org'],
  pypi: ['https://pypi.org', 'https://pypi.org/simple'],
  oci: [
    'https://docker.io',
    'https://index.docker.io',
    'https://ghcr.io',
    'https://quay.io',
    'https://mcr.microsoft.com',
  ],
};
/** Options of runners that mean what happens anyway. */
const harmless: Readonly<Record<string, ReadonlySet<string>>> = {
  npm: new Set(['-y', '--yes']),
  pypi: new Set(),
  oci: new Set(['run', '-i', '--interactive', '--rm', '-t', '--tty']),
};

/** What to run for an entry: the first package that can be, over HTTP where there is a choice; else its remote server.
 * @throws UsherError registry_entry_refused
 */
export function planServer({ server, status }: Pick<Entry, 'server' | 'status'>): ServerPlan {
  const { name, packages = [], remotes = [] } = server;
  if (status === 'deleted') throw refuseEntry(name, ['its registry says that it was deleted']);
  const reasons: string[] = [];
  const plans: ServerPlan[] = [];
  const tries = [...packages.map((one) => () => planPackage(one)), ...remotes.map((one) => () => planRemote(one))];
  for (const plan of tries) {
    try {
      plans.push(plan());
    } catch (problem) {
      if (!(problem instanceof EntryProblem)) throw problem;
      reasons.push(problem.message);
    }
  }
  const chosen = plans.find(({ transport }) => transport === 'streamable-http') ?? plans[0];
  if (chosen !== undefined) return chosen;
  throw refuseEntry(name, reasons.length === 0 ? ['it names neither a package nor a remote server'] : reasons);
}

function planPackage(one: PackageDocument): ServerPlan {
  const { registryType, registryBaseUrl, transport } = one;
  const own = ownRegistries[registryType];
  if (own === undefined) throw new EntryProblem(`it is a package of ${quoted(registryType)}, which Usher does not run`);
  if (registryBaseUrl !== undefined && !own.includes(registryBaseUrl.replace(/\/$/, '')))
    throw new EntryProblem(`it names a registry of its own, ${quoted(registryBaseUrl)}`);
  const { args, wanted: wantedArgs } = readArguments(one.packageArguments);
  const { env, wanted: wantedEnv } = readEnvironment(one.environmentVariables);
  const wantedVolumes = readRuntimeArguments(one);
  const run = registryType === 'oci' ? planImage(one) : planRunner(one);
  const where = 'url' in transport && transport.url !== undefined ? readLocalUrl(transport.url) : undefined;
  return {
    run,
    transport: transport.type,
    args,
    env,
    wantedArgs,
    wantedEnv,
    wantedVolumes,
    wantedHeaders: [],
    port: where?.port,
    path: where?.path,
  };
}

function planRunner({ registryType, identifier, version, fileSha256 }: PackageDocument): ServerPlan['run'] {
  // A digest that is named and not compared would be worse than none.
  if (fileSha256 !== undefined)
    throw new EntryProblem('it names the digest of a file, which npm and uv do not compare');
  const runner = registryType === 'npm' ? 'npx' : 'uvx';
  const parsed = parsePackage(runner, version === undefined ? identifier : `${identifier}@${version}`);
  if ('problem' in parsed || parsed.package.name !== identifier)
    throw new EntryProblem(`it is the package ${quoted(identifier)}, which is no name`);
  return { kind: 'package', package: parsed.package };
}

function planImage({ identifier, version }: PackageDocument): ServerPlan['run'] {
  const image = version === undefined || /[:@][^/]*$/.test(identifier) ? identifier : `${identifier}:${version}`;
  if (!/^[a-z0-9][\w./-]*(?::\d+\/[\w./-]+)?(?::[\w][\w.-]*)?(?:@sha256:[a-f0-9]{64})?$/i.test(image))
    throw new EntryProblem(`it is the image ${quoted(image)}, which is no name`);
  return { kind: 'image', image };
}

/** Options of npx, uvx and docker: what asks for a mount is told to people, who say what is mounted; what would change how it
 * is run is refused.
 */
function readRuntimeArguments({ registryType, runtimeArguments = [] }: PackageDocument): string[] {
  const volumes: string[] = [];
  for (const one of runtimeArguments) {
    const name = one.type === 'named' ? one.name : (one.value ?? '');
    const text = one.value ?? one.default ?? '';
    checkText(`${name}${text}`, 'an option of its runner');
    if (harmless[registryType]?.has(name)) continue;
    const isMount = registryType === 'oci' && ['-v', '--volume', '--mount'].includes(name);
    // A variable that is handed through is one of environmentVariables, too.
    if (registryType === 'oci' && ['-e', '--env'].includes(name) && !text.includes('=')) continue;
    const target = isMount ? findTarget(text) : undefined;
    if (target === undefined)
      throw new EntryProblem(`it wants its runner to have the option ${quoted(`${name} ${text}`.trim())}`);
    volumes.push(target);
  }
  return volumes;
}

/** Where in the container: whose folder it is, is for people to say. */
function findTarget(text: string): string | undefined {
  const source = /(?:^|,)(?:src|source)=([^,]*)/.exec(text)?.[1] ?? text.split(':')[0] ?? '';
  const target = /(?:^|,)(?:dst|destination|target)=([^,]+)/.exec(text)?.[1] ?? text.split(':')[1];
  if (source.includes('.sock') || /^\/(?:$|etc|proc|sys|dev|root|home|var|run|boot|usr)/.test(source))
    throw new EntryProblem(`it wants ${quoted(source)} of this machine`);
  return target !== undefined && /^\/[\w./-]+$/.test(target) ? target : undefined;
}

/** Where a server listens that is run here; parts in braces are for people to say. */
function readLocalUrl(text: string): { port: number | undefined; path: string | undefined } {
  const [, host = '', port, path = '/'] = /^https?:\/\/([^/:]+)(?::([^/]+))?(\/[^?#\s]*)?$/.exec(text) ?? [];
  if (host !== '0.0.0.0' && !/^\{\w+\}$/.test(host) && !isLoopbackHost(host))
    throw new EntryProblem(`it would be run here and called at ${quoted(text)}`);
  const number = /^\d{1,5}$/.test(port ?? '') ? Number(port) : undefined;
  return { port: number, path: /^\/[\w./~-]*$/.test(path) && path !== '/' ? path : undefined };
}

function planRemote({ url, type, headers = [], variables = {} }: RemoteDocument): ServerPlan {
  const filled = valueOf({ value: url, variables }, 'its URL');
  if (filled === undefined || /[{}]/.test(filled))
    throw new EntryProblem(`the URL of its remote server has parts only you know, ${quoted(url)}: give the URL itself`);
  if (!URL.canParse(filled)) throw new EntryProblem(`its remote server is at ${quoted(filled)}, which is no URL`);
  const { protocol, hostname, username, password } = new URL(filled);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopbackHost(hostname)))
    throw new EntryProblem(`its remote server is at ${quoted(filled)}, without TLS`);
  if (username !== '' || password !== '') throw new EntryProblem('the URL of its remote server holds a password');
  return {
    run: { kind: 'remote', url: filled },
    transport: type,
    args: [],
    env: {},
    wantedArgs: [],
    wantedEnv: [],
    wantedVolumes: [],
    wantedHeaders: headers.map((header) => describeWanted(header.name, header)),
    port: undefined,
    path: undefined,
  };
}
