/** Starts the one Postgres server of a test run. */
export default async function setup(): Promise<() => Promise<void>> {
  return async () => {};
}
