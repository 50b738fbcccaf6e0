/** How to run the demo. */
export interface DemoOptions {
  /** Ends after the story, with exit code 0 when every step was as it should be. */
  readonly once: boolean;
  /** One JSON object instead of text; only with `once`. */
  readonly json: boolean;
  /** First port tried for each part; busy ones are stepped over. */
  readonly ports: DemoPorts;
  /** Keys, certificate authority and audit trail of the demo; kept between runs. */
  readonly stateDir: string;
  /** Seed of the identity provider; the countries scenario when absent. */
  readonly seedFile?: string;
  /** Command that is run as MCP server with the example's configuration file, in place of the example's own. */
  readonly mcpServer?: string;
  /** Everything with proof of possession (DPoP): tokens of the client and of the gateway are bound to their keys, and nobody
   * takes others.
   */
  readonly requireDpop?: boolean;
  /** Width of what is written, in characters. */
  readonly columns: number;
  /** Writes text to the person who runs it. */
  readonly print: (text: string) => void;
  /** Aborted when it shall stop. */
  readonly stop: AbortSignal;
}

export interface DemoPorts {
  readonly gateway: number;
  readonly idpHttp: number;
  readonly idpHttps: number;
  readonly api: number;
  readonly mcpServer: number;
}
