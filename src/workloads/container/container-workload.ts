import type { KeptServer } from '../keep-running.ts';
import type { ContainerSettings } from './schema.ts';
import { startContainer, urlOf, type Kept } from './start-container.ts';

/** Workload `container`: an image on Docker or Podman, to be kept running. The first start fetches it; the others run the
 * same one, at the same port.
 */
export function containerWorkload(name: string, settings: ContainerSettings): KeptServer {
  const kept: Kept = { image: undefined, hostPort: 0 };
  return {
    name,
    label: settings.image,
    /** Known from the first start on: the engine chooses the port. */
    get url() {
      return urlOf(settings, kept);
    },
    restart: settings.restart,
    start: (deps) => startContainer(name, settings, { ...deps, kept }),
  };
}
