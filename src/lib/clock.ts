/** Milliseconds since the epoch; injected where a test needs to move time. */
export type Clock = () => number;
