import { isSaid, type PlanDraft } from './import-plan.ts';
import type { Surroundings } from './surroundings.ts';
import { planTransport } from './plan-remote.ts';
import type { PermissionProfile, RunConfig } from './run-config.ts';

/** Names of networks that mean an engine's usual one. */
const usualNetworks = new Set(['', 'bridge', 'default']);

/** An image that is run here. */
export function planContainer(config: RunConfig, draft: PlanDraft, { ignoreFiles }: Surroundings): void {
  const { image = '', transport = '' } = config;
  if (/^(npx|uvx|go):\/\//.test(image)) {
    draft.refuse('image', `is the package ${image}, which is run with usher run ${image}`);
    return;
  }
  if (image === '') draft.refuse('image', 'is missing, and remote_url as well');
  draft.set('image', 'image', image);
  if (image.startsWith('toolhivelocal/'))
    draft.remark(
      'image',
      'was built on this machine, and is found at its engine alone; usher run npx:… --in-container does without',
    );
  draft.set('args', 'cmd_args', config.cmd_args);
  planTransport(config, draft);
  if (transport !== 'stdio' && isSaid(config.target_port)) draft.set('target-port', 'target_port', config.target_port);
  if (transport === 'sse') draft.set('target-path', 'transport', '/sse');
  draft.set('env', 'env_vars', environmentOf(config));
  draft.set('secret', 'secrets', config.secrets);
  draft.set('publish', 'publish', config.publish);
  if (isSaid(config.publish)) draft.remark('publish', 'is published on the loopback address alone');
  if (isSaid(config.header_forward))
    draft.block('header_forward', 'adds headers to calls; ToolHive does that for servers elsewhere');
  if (isSaid(config.remote_auth_config)) draft.remark('remote_auth_config', 'is for servers elsewhere');
  if (!['', '127.0.0.1', 'localhost'].includes(config.target_host ?? ''))
    draft.refuse('target_host', 'is another machine, and a container is reached on this one');
  planProfile(config, draft);
  if (ignoreFiles.length > 0)
    draft.block(
      'ignore_config',
      `keeps files from the server that ${ignoreFiles.join(', ')} names, and Usher mounts folders as they are`,
    );
}

/** ToolHive tells each server how it is to listen, whether the file says so or not. */
function environmentOf({ env_vars: given = {}, transport = '', target_port: port = 0 }: RunConfig): readonly string[] {
  const told = {
    ...(transport === '' ? {} : { MCP_TRANSPORT: transport }),
    ...(transport === 'stdio' || port === 0 ? {} : { MCP_PORT: `${port}`, FASTMCP_PORT: `${port}` }),
  };
  return Object.entries({ ...told, ...given }).map(([name, value]) => `${name}=${value}`);
}

/** What it may reach and see. The profile itself counts; its name only says where it was from. */
function planProfile(config: RunConfig, draft: PlanDraft): void {
  const { permission_profile: profile, permission_profile_name_or_path: name = '', volumes = [] } = config;
  const mounted = new Set(volumes.map(targetOf));
  const more = [
    ...(profile?.read ?? []).map((one) => (one.includes(':') ? `${one}:ro` : `${one}:${one}:ro`)),
    ...(profile?.write ?? []).map((one) => (one.includes(':') ? one : `${one}:${one}`)),
  ].filter((one) => !mounted.has(targetOf(one)));
  draft.set('volume', more.length > 0 ? 'permission_profile' : 'volumes', [...volumes, ...more]);
  if (profile === undefined) {
    // Not read: it may have been another file when the server was made.
    if (name !== '') draft.set('permission-profile', 'permission_profile_name_or_path', name);
    return;
  }
  if (profile.privileged === true)
    draft.remark('permission_profile.privileged', 'containers of Usher have no more rights than others');
  if (isSaid(profile.network?.inbound))
    draft.remark('permission_profile.network.inbound', 'nobody but Usher reaches the container');
  planNetwork(profile, config, draft);
}

function targetOf(volume: string): string {
  return volume.split(':')[1] ?? volume;
}

function planNetwork(
  { network = {} }: PermissionProfile,
  { isolate_network: isIsolated }: RunConfig,
  draft: PlanDraft,
): void {
  const { mode = '', outbound = {} } = network;
  if (mode === 'none') return draft.set('permission-profile', 'permission_profile.network.mode', 'none');
  if (mode === 'host') draft.remark('permission_profile.network.mode', 'the container gets a network of its own');
  else if (!usualNetworks.has(mode)) return draft.set('network', 'permission_profile.network.mode', mode);
  const isOpen = outbound.insecure_allow_all === true;
  const hasList = isSaid(outbound.allow_host) || isSaid(outbound.allow_port);
  if (isIsolated !== true) {
    if (!isOpen)
      draft.remark(
        'isolate_network',
        'is off: as with ToolHive, the container reaches every host, whatever the profile says',
      );
    return;
  }
  if (isOpen) return;
  if (!hasList) return draft.set('permission-profile', 'permission_profile.network', 'none');
  const { allow_host: hosts = [], allow_port: ports = [] } = outbound;
  if (hosts.length === 0)
    return draft.block(
      'permission_profile.network.outbound.allow_port',
      'lets the container reach every host at some ports; that is said in the file of a profile: --permission-profile ./profile.json',
    );
  const allowed = ports.length === 0 ? hosts : hosts.flatMap((host) => ports.map((port) => `${host}:${port}`));
  draft.set('allow-host', 'permission_profile.network.outbound', allowed);
}
