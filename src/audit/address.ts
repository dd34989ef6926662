const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** Whether a host of a URL, or an origin, is an address rather than a name: four numbers, or anything with colons. */
export function isAddress(host: string): boolean {
  return IPV4.test(host) || host.includes(":");
}
