import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { describe } from '../../lib/describe-error.ts';
import { type EgressRules, parseEgressRules } from './egress-rules.ts';
import { refuseContainer } from './refuse-container.ts';

/** What a server may reach and see beyond itself. */
export interface Profile {
  /** It has no way out of its own, and only this machine reaches it. */
  readonly isIsolated: boolean;
  /** What it may call nevertheless; undefined for nobody, or everybody. */
  readonly egress: EgressRules | undefined;
  /** As `--volume` takes them. */
  readonly volumes: readonly string[];
}

const paths = z.array(z.string().min(1)).default([]);
const hostList = z.array(z.string()).default([]);

/** The form ToolHive's permission profiles have: JSON, or the same in YAML. Strict, since a field nobody reads might be the one
 * that was meant to forbid something.
 */
const profileFile = z.strictObject({
  name: z.string().optional(),
  read: paths,
  write: paths,
  network: z
    .strictObject({
      mode: z.string().optional(),
      outbound: z
        .strictObject({
          insecure_allow_all: z.boolean().default(false),
          allow_host: hostList,
          allow_port: z.array(z.number()).default([]),
        })
        .prefault({}),
      // Who may call is the gateway's to say; nobody else gets in.
      inbound: z.strictObject({ allow_host: hostList }).prefault({}),
    })
    .prefault({}),
  privileged: z.boolean().default(false),
});

const builtIn: Readonly<Record<string, Profile>> = {
  none: { isIsolated: true, egress: undefined, volumes: [] },
  network: { isIsolated: false, egress: undefined, volumes: [] },
};

/** Reads the profile of this name, or in this file. What asks for more than a container is given here is refused.
 * @param allowHosts the only hosts it may call, beside those of a file
 * @throws UsherError container_failed
 */
export async function readProfile(
  image: string,
  profile: string,
  allowHosts: readonly string[] = [],
): Promise<Profile> {
  const known = Object.hasOwn(builtIn, profile) ? builtIn[profile] : undefined;
  if (known !== undefined) {
    const egress = readEgress({ hosts: allowHosts, ports: [] }, (what) =>
      refuseContainer(image, `--allow-host: ${what}`, 'Correct it'),
    );
    return egress === undefined ? known : { ...known, isIsolated: true, egress };
  }
  if (!/[\\/]/.test(profile))
    throw refuseContainer(
      image,
      `there is no permission profile ${JSON.stringify(profile)}`,
      'The built-in ones are none and network; a file is written with a slash, such as ./profile.json',
    );
  const file = resolve(profile);
  const refuse = (what: string, advice = 'Correct the file of --permission-profile') =>
    refuseContainer(image, `the permission profile ${file} ${what}`, advice);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw refuse(`cannot be read: ${describe(error)}`, 'Give --permission-profile a file that exists, none or network');
  });
  const read = profileFile.safeParse(parseText(text));
  if (!read.success) {
    const [issue] = read.error.issues;
    throw refuse(`is none: ${issue?.path.join('.') ?? ''}${issue?.path.length ? ': ' : ''}${issue?.message ?? ''}`);
  }
  const { read: readable, write, network, privileged } = read.data;
  const { mode, outbound } = network;
  if (privileged)
    throw refuse('asks for a privileged container, which none is here', 'Name what it needs with --cap-add');
  if (mode !== undefined && mode !== 'bridge' && mode !== 'none')
    throw refuse(
      `asks for the network mode ${JSON.stringify(mode)}`,
      'Expected bridge, none or nothing; a network is joined by --network',
    );
  const listed = outbound.allow_host.length + outbound.allow_port.length + allowHosts.length > 0;
  if (listed && (outbound.insecure_allow_all || mode === 'none'))
    throw refuse(
      `lets it call ${mode === 'none' ? 'nobody (mode none)' : 'everybody (insecure_allow_all)'}, and hosts or ports are named as well`,
      'Leave one of the two out: in the file, or --allow-host',
    );
  const egress = readEgress({ hosts: [...outbound.allow_host, ...allowHosts], ports: outbound.allow_port }, (what) =>
    refuse(`cannot be kept to: ${what}`, 'Correct allow_host, allow_port or --allow-host'),
  );
  const mount = (path: string, options: string) => mountOf(path, dirname(file), options);
  return {
    isIsolated: mode === 'none' || !outbound.insecure_allow_all,
    egress,
    volumes: [...readable.map((path) => mount(path, 'ro')), ...write.map((path) => mount(path, 'rw'))],
  };
}

/** @throws what `refuse` makes of a clause */
function readEgress(
  { hosts, ports }: { readonly hosts: readonly string[]; readonly ports: readonly number[] },
  refuse: (what: string) => Error,
): EgressRules | undefined {
  if (hosts.length + ports.length === 0) return undefined;
  const rules = parseEgressRules(hosts, ports);
  if ('problem' in rules) throw refuse(rules.problem);
  return rules;
}

/** A path is mounted where it is on this machine, unless another one is said. Relative ones count from the file's folder. */
function mountOf(text: string, folder: string, options: string): string {
  const [source = '', target = source] = text.split(':', 2);
  const from = source.includes('/') && !isAbsolute(source) ? join(folder, source) : source;
  return `${from}:${target === source ? from : target}:${options}`;
}

function parseText(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
