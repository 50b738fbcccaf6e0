import { hostname, userInfo } from 'node:os';

/** What stands on everything that is made at an engine, so that it can be told from what others made. */
export const labels = {
  /** Name of the mounted server. */
  server: 'usher.server',
  /** Of whom: user and machine. */
  owner: 'usher.owner',
  /** The process that made it. */
  process: 'usher.process',
  /** The port it listens on; for those who look at a gateway from outside. */
  port: 'usher.target-port',
} as const;

/** User and machine. One user may run several gateways, one after the other or at once. */
export function ownOwner(): string {
  const { username } = userInfo();
  return `${username}@${hostname()}`;
}
