/** A hosted zone. Names are written with their trailing dot, as the service tells them. */
export interface AwsHostedZone {
  /** `Z…`, without `/hostedzone/`. */
  readonly id: string;
  /** `example.com.` */
  readonly name: string;
  readonly private?: boolean;
  readonly records: AwsRecord[];
}

/** A record set: with values, or an alias. */
export interface AwsRecord {
  /** `acme.example.com.`, `*.example.com.` */
  readonly name: string;
  readonly type: string;
  readonly ttl?: number;
  readonly values?: readonly string[];
  /** `dualstack.acme-1.eu-west-1.elb.amazonaws.com.` */
  readonly aliasTo?: string;
  /** Of several sets of one name and type. */
  readonly setIdentifier?: string;
}
