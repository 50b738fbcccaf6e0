import { markProcess } from '../../lib/process-mark.ts';
import type { ContainerAnswer, ImageAnswer } from './engine-answers.ts';
import { labels, ownOwner } from './owner.ts';
import type { Volume } from './read-volumes.ts';
import type { ContainerSettings } from './schema.ts';

/** What a container is made of, beside its settings. */
export interface ContainerParts {
  readonly server: string;
  readonly image: ImageAnswer;
  readonly env: Readonly<Record<string, string>>;
  readonly volumes: readonly Volume[];
  readonly network: string;
  /** Has it no way out of its own? Then it asks nobody for names either. */
  readonly isIsolated: boolean;
  /** The port it listens on; undefined for one that speaks over its standard streams. */
  readonly targetPort: number | undefined;
  /** The port of this machine's loopback address that leads there; 0 lets the engine choose, undefined publishes none. */
  readonly hostPort: number | undefined;
  /** Does it read what it is asked? */
  readonly hasInput: boolean;
  /** Has a program of the engine's as its first process, which hands signals on and waits for orphans. */
  readonly hasInit: boolean;
}

/** Room for what servers put aside while the rest is read-only. */
const temporary = 'rw,nosuid,nodev,size=256m,mode=1777';

/** On whatever is made at the engine for a server. */
export function buildLabels(server: string): Record<string, string> {
  return { [labels.server]: server, [labels.owner]: ownOwner(), [labels.process]: markProcess() };
}

/** The body of `containers/create`: nothing the server does not need. No capabilities, no new privileges, a read-only root,
 * bounded processes, one port on the loopback address, and no copy of its output at the engine, which would keep tokens
 * that servers write down.
 */
export function buildContainer(settings: ContainerSettings, parts: ContainerParts): Record<string, unknown> {
  const { server, image, env, volumes, network, isIsolated, targetPort, hostPort, hasInput, hasInit } = parts;
  const bindings = buildBindings(settings.publish, targetPort, hostPort);
  const needsTemporary = !settings.writableRoot && volumes.every(({ target }) => target !== '/tmp');
  const memory = settings.memory === undefined ? undefined : parseSize(settings.memory);
  return {
    // By its id: a name can come to mean another image.
    Image: image.Id,
    ...(settings.args.length === 0 ? {} : { Cmd: settings.args }),
    ...(settings.user === undefined ? {} : { User: settings.user }),
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    Labels: {
      ...buildLabels(server),
      ...(targetPort === undefined ? {} : { [labels.port]: String(targetPort) }),
    },
    ExposedPorts: Object.fromEntries(Object.keys(bindings).map((one) => [one, {}])),
    ...(hasInput ? { OpenStdin: true, StdinOnce: true, AttachStdin: true } : {}),
    Tty: false,
    HostConfig: {
      NetworkMode: network,
      PortBindings: bindings,
      ...(network === 'none' ? {} : { ExtraHosts: ['host.docker.internal:host-gateway'] }),
      // Some engines look names up for a network without a way out, by whom they ask themselves: questions are a way out. There
      // nobody answers; with a proxy it is the proxy that looks names up.
      ...(isIsolated && network !== 'none' ? { Dns: ['127.0.0.1'] } : {}),
      // This form never makes what is missing; the other one is for the labels of SELinux, which this one does not know.
      Mounts: volumes
        .filter(({ label }) => label === undefined)
        .map(({ source, target, isNamed, isReadOnly }) => ({
          Type: isNamed ? 'volume' : 'bind',
          Source: source,
          Target: target,
          ReadOnly: isReadOnly,
        })),
      Binds: volumes
        .filter(({ label }) => label !== undefined)
        .map(({ source, target, isReadOnly, label }) => `${source}:${target}:${isReadOnly ? 'ro' : 'rw'},${label}`),
      ReadonlyRootfs: !settings.writableRoot,
      Tmpfs: needsTemporary ? { '/tmp': temporary } : {},
      CapDrop: ['ALL'],
      CapAdd: settings.capabilities.map((name) => name.replace(/^CAP_/, '')),
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: settings.pidsLimit,
      ...(memory === undefined ? {} : { Memory: memory, MemorySwap: memory }),
      ...(settings.cpus === undefined ? {} : { NanoCpus: Math.round(settings.cpus * 1e9) }),
      ...(hasInit ? { Init: true } : {}),
      LogConfig: { Type: 'none', Config: {} },
      RestartPolicy: { Name: 'no' },
    },
  };
}

/** Ports of the container, and those of the loopback address that lead there: that of the server, and `9090:9000/udp`. */
function buildBindings(
  publish: readonly string[],
  targetPort: number | undefined,
  hostPort: number | undefined,
): Record<string, unknown[]> {
  const bindings: Record<string, unknown[]> = {};
  const bind = (container: string, host: string): void => {
    (bindings[container] ??= []).push({ HostIp: '127.0.0.1', HostPort: host });
  };
  if (targetPort !== undefined && hostPort !== undefined)
    bind(`${targetPort}/tcp`, hostPort === 0 ? '' : String(hostPort));
  for (const text of publish) {
    const [, host = '', container = '', protocol = 'tcp'] = /(\d+):(\d+)(?:\/(\w+))?$/.exec(text) ?? [];
    bind(`${container}/${protocol}`, host);
  }
  return bindings;
}

const units: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** `512m` in bytes. */
export function parseSize(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([kmg]?)b?$/i.exec(text) ?? [];
  return Math.round(Number(number) * (units[unit.toLowerCase()] ?? 1));
}

/** The one port the image says it listens on; undefined when it names none or several. */
export function findExposedPort({ Config }: ImageAnswer): number | undefined {
  const ports = Object.keys(Config?.ExposedPorts ?? {}).filter((port) => port.endsWith('/tcp'));
  return ports.length === 1 ? Number.parseInt(ports[0] ?? '', 10) : undefined;
}

/** The port of this machine that leads to the server's own, beside those that were published for other reasons. */
export function findHostPort(
  { NetworkSettings }: ContainerAnswer,
  targetPort: number,
  publish: readonly string[],
): number | undefined {
  const others = new Set(publish.map((text) => /(\d+):\d+/.exec(text)?.[1]));
  const bound = NetworkSettings.Ports?.[`${targetPort}/tcp`] ?? [];
  const own = bound.find(({ HostPort }) => HostPort !== '' && !others.has(HostPort));
  return own === undefined ? undefined : Number(own.HostPort);
}
