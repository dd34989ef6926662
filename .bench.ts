import { readFileSync, readdirSync } from "node:fs";
import { Client } from "pg";
import { ensureEmbedded } from "./src/store/embedded.ts";
import { openStore } from "./src/store/index.ts";
import { postmasterPid } from "./src/store/postmaster.ts";
import { findHome } from "./src/store/home.ts";
import { systemClock } from "./src/system/clock.ts";
import { observation, state, output } from "./test/conformance/store-samples.ts";
const quiet:any={debug(){},info(){},warn:console.log,error:console.log};
const dir="/tmp/embbench/.corewatch";
const e=await ensureEmbedded({dir,log:quiet,clock:systemClock});
const home=await findHome(dir,"/var/lib/corewatch");
const pm=(await postmasterPid(home.data))!;
function pgCpu(){let t=0;for(const p of readdirSync("/proc")){if(!/^\d+$/.test(p))continue;try{const s=readFileSync(`/proc/${p}/stat`,"utf8");const f=s.slice(s.lastIndexOf(")")+2).split(" ");if(Number(p)===pm)t+=Number(f[11])+Number(f[12])+Number(f[13])+Number(f[14]);else if(Number(f[1])===pm)t+=Number(f[11])+Number(f[12]);}catch{}}return t*10;}
function pgMem(){let rss=0,pss=0;const l:string[]=[];for(const p of readdirSync("/proc")){if(!/^\d+$/.test(p))continue;try{const s=readFileSync(`/proc/${p}/stat`,"utf8");const f=s.slice(s.lastIndexOf(")")+2).split(" ");if(Number(p)===pm||Number(f[1])===pm){const sm=readFileSync(`/proc/${p}/smaps_rollup`,"utf8");rss+=Number(/^Rss:\s+(\d+)/m.exec(sm)![1]);pss+=Number(/^Pss:\s+(\d+)/m.exec(sm)![1]);l.push(readFileSync(`/proc/${p}/cmdline`,"utf8").replace(/\0.*/s,"").slice(-40)+" "+Number(/^Pss:\s+(\d+)/m.exec(sm)![1]))}}catch{}}return {rssMB:rss/1024,pssMB:pss/1024,l};}
const store=await openStore({url:e.url,fleet:"bench",retention:{rawMs:86400000,minuteMs:7*86400000,hourMs:400*86400000},clock:systemClock,log:quiet,redact:t=>t});
await store.migrate();
let t0=Math.floor(Date.now()/3600000)*3600000;
const mk=(n:number,slot:number,core0:number,measures:boolean)=>Array.from({length:n},(_,i)=>observation({core:`core-${(core0+i)%1000}`,slot,at:slot+37,durationMs:Math.random()*20,latenessMs:Math.random()*3, measures: measures?{certificateDays:88.5}:{}}));
// warm
let slot=t0-3*3600000;
for(let i=0;i<40;i++) await store.append(mk(500,slot+=10000,0,false),[]);
for (const measures of [false,true]) for(const n of [25,100,500]){
  const total=20000; slot=Math.ceil(slot/10000)*10000+10000;
  const c0=process.cpuUsage(), p0=pgCpu(), w0=performance.now(); let core=0;
  for(let done=0;done<total;done+=n){ await store.append(mk(n,slot,core,measures),[]); core+=n; if(core>=1000){core=0;slot+=10000;} }
  const c=process.cpuUsage(c0); const node=(c.user+c.system)/1000, p=pgCpu()-p0;
  console.log({measures,batch:n,nodeUsPerObs:+(node*1000/total).toFixed(1),pgUsPerObs:+(p*1000/total).toFixed(1),wall:+(performance.now()-w0).toFixed(0)});
}
// rollup
{ const c0=process.cpuUsage(), p0=pgCpu(), w0=performance.now(); await store.housekeeping.run(Date.now()+7200000); const c=process.cpuUsage(c0); console.log("housekeeping", {node:(c.user+c.system)/1000, pg:pgCpu()-p0, wall:performance.now()-w0}); 
 const cl=new Client({connectionString:e.url}); await cl.connect(); console.log((await cl.query("select (select count(*) from corewatch.observation) o,(select count(*) from corewatch.minute) m,(select count(*) from corewatch.hour) h, (select pg_size_pretty(sum(pg_total_relation_size(inhrelid))) from pg_inherits where inhparent='corewatch.observation'::regclass) osz, (select pg_size_pretty(sum(pg_total_relation_size(inhrelid))) from pg_inherits where inhparent='corewatch.minute'::regclass) msz, (select avg(length(latency)) from corewatch.minute) lat")).rows); await cl.end(); }
// decide
{ const keys=["core:acme/core-1:hello"]; const c0=process.cpuUsage(), p0=pgCpu(), w0=performance.now(); for(let i=0;i<500;i++) await store.decide(keys,0,({states})=>output({states:[{...state({key:keys[0]}),...states.get(keys[0]!)}]})); const c=process.cpuUsage(c0); console.log("decide", {node:(c.user+c.system)/1000/500, pg:(pgCpu()-p0)/500, wall:(performance.now()-w0)/500}); }
{ const w0=performance.now(); const claim=await store.outbox.claim(); console.log("claim",performance.now()-w0); for(let i=0;i<3;i++){const w1=performance.now(); await claim!.due(0,10); console.log("due",performance.now()-w1);} }
console.log(pgMem(), process.memoryUsage().rss/1048576);
await store.close(); const w=performance.now(); await e.stop(); console.log("stop",performance.now()-w);
