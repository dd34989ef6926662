/** Numbers from 0 (included) to 1 (excluded) that look random and are the same for the same seed. */
export type Random = () => number;

/**
 * A stream of numbers for a seed. Streams of different names have nothing to do with each other, so that drawing more
 * from one (a scenario's choices) never moves another (the arrivals).
 */
export function seededRandom(seed: number, stream: string): Random {
  let hash = 0x811c9dc5;
  for (const char of stream) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  // Seeds that differ by one bit must not start alike: the state is filled by a mixer, and the first draws are thrown away.
  let mix = hash ^ Math.trunc(seed % 0x1_0000_0000) ^ Math.imul(Math.trunc(seed / 0x1_0000_0000), 0x9e3779b1);
  const next = (): number => {
    mix = (mix + 0x9e3779b9) | 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  let [a, b, c, counter] = [next(), next(), next(), 1];
  const draw = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 0x1_0000_0000;
  };
  for (let i = 0; i < 12; i++) draw();
  return draw;
}
