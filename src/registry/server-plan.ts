import type { Package } from '../packages/package.ts';

/** What a server of a registry is run as, and what it may do: all of what is agreed to, nothing else happens. */
export interface ServerPlan {
  readonly run:
    | { readonly kind: 'package'; readonly package: Package }
    | { readonly kind: 'image'; readonly image: string }
    | { readonly kind: 'remote'; readonly url: string };
  readonly transport: 'streamable-http' | 'sse' | 'stdio';
  /** Given to it, before those of the command line. */
  readonly args: readonly string[];
  /** Values of the entry's own. */
  readonly env: Readonly<Record<string, string>>;
  /** Variables people give it. */
  readonly wantedEnv: readonly Wanted[];
  /** Arguments people give it, behind `--`. */
  readonly wantedArgs: readonly Wanted[];
  /** Folders and files it wants to have mounted, by their path in the container. */
  readonly wantedVolumes: readonly string[];
  /** Headers a remote server wants. */
  readonly wantedHeaders: readonly Wanted[];
  readonly port: number | undefined;
  readonly path: string | undefined;
}

/** Something only people know. */
export interface Wanted {
  readonly name: string;
  readonly description: string;
  readonly isRequired: boolean;
  readonly isSecret: boolean;
  /** What the entry says it is, which is not taken: only people can say it. */
  readonly untaken?: string;
}
