import { ensureEmbedded } from "./src/store/embedded.ts";
import { systemClock } from "./src/system/clock.ts";
const log:any={debug:console.log,info:console.log,warn:console.log,error:console.log}; 
let t=performance.now();
const e=await ensureEmbedded({dir:"/tmp/emb/.corewatch",log,clock:systemClock});
console.log(e.owner, e.url.replace(/:[0-9a-f]{20,}@/,":***@"), performance.now()-t);t=performance.now();
await e.stop(); console.log("stopped", performance.now()-t);
