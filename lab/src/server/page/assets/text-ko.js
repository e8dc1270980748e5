// 한국어.

const any = (words) => words.join(", ");

/** 받침이 있으면 앞의 조사, 없으면 뒤의 조사. 한글이 아니면 둘 다 적습니다. */
function josa(word, closed, open) {
  const code = word.codePointAt(word.length - 1) - 0xac00;
  if (!(code >= 0 && code < 11172)) return `${word}${closed}(${open})`;
  return word + (code % 28 ? closed : open);
}

export default {
  skip: "본문으로 건너뛰기",
  endpoint: "엔드포인트",
  language: "언어",
  views: "화면의 부분",
  copy: { label: "복사", done: "복사됨", failed: "복사하지 못했습니다", what: (what) => `${what} 복사` },
  connection: { connecting: "연결 중", live: "실시간", lost: "연결 끊김" },
  lost: (time) => `실습 환경이 응답하지 않습니다. 지금 보이는 내용은 ${time} 기준입니다. 자동으로 다시 연결합니다.`,
  resourcesLost: "리소스 목록을 읽지 못했습니다. 다음 변경이 있을 때 다시 읽습니다.",
  yes: "예",
  no: "아니요",

  flow: {
    title: "이벤트",
    show: "표시할 이벤트",
    alarms: "경보",
    changes: "변경",
    all: "모든 호출",
    none: { alarms: "아직 규칙에 걸린 이벤트가 없습니다.", changes: "아직 변경된 것이 없습니다.", all: "아직 호출이 없습니다." },
    hidden: (n) => `이 선택에서는 이벤트 ${n}개가 보이지 않습니다.`,
    older: (n) => `이전 이벤트 ${n}개 더 보기`,
    by: (who) => `호출자 ${who}`,
    way: "지나온 단계",
    record: "CloudTrail 기록",
    own: "API 기록 없이 직접 발행됨",
    log: "함수 로그의 끝부분",
    words: "실습 환경의 원문 설명",
    helps: "해결 방법",
    said: (name, verdict) => `${name}: ${verdict}`,
  },

  verdict: {
    arrived: (places) => `도착: ${any(places)}`,
    partly: (places, hops) => `도착: ${any(places)}. 막힌 단계: ${any(hops)}.`,
    stopped: (hops) => `막힌 단계: ${any(hops)}.`,
    running: "전달 중입니다.",
    refused: (code) => `AWS가 호출을 거부했습니다: ${code}`,
    unmatched: "받은 규칙이 없습니다.",
    unheard: (common) => `받은 규칙이 없습니다. 그런데 규칙에는 ${common}에 관한 다른 호출이 적혀 있습니다.`,
    noRule: "이 이벤트를 볼 규칙이 버스에 없습니다.",
    noSubscriber: "주제까지 왔지만 구독자가 없습니다.",
    noMessage: "함수는 끝까지 실행되었지만 디스코드에 메시지가 오지 않았습니다.",
    taken: (places) => `${any(places)}까지 전달되었습니다. 메일이나 디스코드 메시지는 없어 사람이 바로 알 수는 없습니다.`,
  },

  place: {
    discord: (channel) => `디스코드 #${channel}`,
    mail: (to) => `메일 ${to}`,
    queue: (name) => `대기열 ${name}`,
    function: (name) => `함수 ${name}`,
    http: (url) => `HTTP ${url}`,
  },

  hop: {
    api: "API 호출", trail: "추적", bus: "이벤트 버스", rule: "규칙", topic: "주제", queue: "대기열", function: "함수",
    discord: "디스코드", mail: "메일", http: "HTTP", bucket: "버킷",
  },
  state: {
    ok: "통과", stopped: "막힘", partly: "일부 통과", running: "진행 중", missed: "해당 없음", none: "도달하지 않음",
    retried: "실패 후 재시도",
  },
  retries: (n) => `앞서 ${n}번 실패하고 다시 시도했습니다`,

  reason: {
    no_trail: "이 계정에 이 리전을 기록하는 추적이 없습니다. 추적이 없으면 EventBridge는 호출을 알 수 없습니다.",
    trail_not_logging: "추적은 있지만 로깅이 꺼져 있습니다.",
    selector_excludes: "추적의 이벤트 선택기가 이 이벤트를 제외합니다.",
    rule_disabled: "패턴은 맞지만 규칙이 비활성화되어 있습니다.",
    read_only_event: "읽기 전용 호출입니다. ENABLED 상태의 규칙은 이런 호출을 보지 않습니다.",
    pattern_mismatch: "이벤트가 규칙의 패턴과 맞지 않습니다.",
    no_target: "규칙에 걸렸지만 대상이 없습니다.",
    policy_denied: (hop) => `${hop}의 정책이 보내는 서비스를 허용하지 않습니다.`,
    not_found: "전달할 대상이 존재하지 않습니다.",
    filter_policy: "구독의 필터 정책이 메시지를 걸러 냅니다.",
    unconfirmed: "구독이 확인되지 않았습니다. 아무도 확인 메일의 링크를 열지 않았습니다.",
    function_error: "함수가 실패했습니다.",
    throttled: "함수를 실행할 수 없습니다. 예약된 동시성을 모두 썼거나 0입니다.",
    invalid: "대상에 넘길 입력이 올바르지 않습니다.",
    receiver_error: "받는 쪽이 오류로 응답했습니다.",
    discord_refused: (status) => `디스코드가 ${status}로 응답하고 메시지를 받지 않았습니다.`,
    no_discord: "함수는 정상 종료되었지만, 실행되는 동안 디스코드가 받은 메시지가 없습니다.",
  },

  remedy: {
    no_trail: "이 리전에 추적을 만들거나 모든 리전용 추적을 만들고 로깅을 시작하세요.",
    trail_not_logging: "로깅을 시작하세요: aws cloudtrail start-logging --name 이름",
    selector_excludes: "쓰기를 포함한 관리 이벤트를 기록하도록 선택기를 바꾸세요.",
    rule_disabled: "활성화하세요: aws events enable-rule --name 이름",
    read_only_event: "변경을 알리는 경보라면 그대로 두면 됩니다. 아니라면 ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS를 쓰세요.",
    pattern_mismatch: "아래의 두 값을 한 글자씩 비교하고 패턴을 고치세요.",
    no_target: "규칙의 대상으로 주제를 추가하세요.",
    policy_denied: {
      topic: "주제 정책에 events.amazonaws.com의 sns:Publish를 이 규칙의 ARN에 대해 허용하는 문을 추가하세요.",
      queue: "대기열 정책에 sns.amazonaws.com의 sqs:SendMessage를 이 주제의 ARN에 대해 허용하는 문을 추가하세요.",
      function: "aws lambda add-permission으로 sns.amazonaws.com에 이 주제의 ARN에 대한 권한을 주세요.",
      other: "보내는 서비스를 허용하는 문을 정책에 추가하세요.",
    },
    not_found: "대상을 만들거나, 규칙 또는 구독이 존재하는 대상을 가리키게 하세요.",
    filter_policy: "필터 정책을 지우거나 메시지에 맞게 고치세요.",
    unconfirmed: "메일함에서 메일을 열고 구독을 확인하세요.",
    function_error: "아래의 오류와 로그를 읽고 코드를 고치세요.",
    throttled: "함수의 예약된 동시성을 늘리거나 없애세요.",
    invalid: "대상의 입력 변환기나 입력 경로를 확인하세요.",
    receiver_error: "받는 쪽의 응답을 확인하세요.",
    discord_refused: "아래의 디스코드 응답을 확인하세요. 이때 함수가 실패해야 Lambda가 다시 시도합니다.",
    no_discord: "함수가 메시지를 보내는지, DISCORD_WEBHOOK_URL이 이 실습 환경의 주소인지 확인하세요.",
  },

  pattern: {
    path: "이벤트의 필드",
    wanted: "패턴이 원하는 값",
    found: "이벤트의 값",
    absent: "없음",
    object: "객체 (패턴은 객체 전체를 비교하지 않습니다)",
    empty_array: "빈 목록",
    not_an_object: "JSON 객체가 아님",
    other_element: (paths) => `값은 있지만 ${any(paths)}와(과) 다른 목록 요소에 있음`,
    more: (n) => `외 ${n}개`,
    whole: "이벤트 전체",
    alternatives: (n) => `패턴에 대안($or)이 ${n}개 있습니다. 가장 가까운 대안은 다음과 같습니다.`,
    or: (words) => words.join(" 또는 "),
    matcher: (words) =>
      words
        .replace(/^a string that begins with (.*)$/, "$1(으)로 시작하는 문자열")
        .replace(/^a string that ends with (.*)$/, "$1(으)로 끝나는 문자열")
        .replace(/^a string of the form (.*)$/, "$1 형식의 문자열")
        .replace(/^an IP address in (.*)$/, "$1 범위의 IP 주소")
        .replace(/^anything but (.*)$/, "$1이(가) 아닌 값")
        .replace(/^the number (.*)$/, "숫자 $1")
        .replace(/ in any letter case$/, " (대소문자 무관)")
        .replace(/^any value$/, "아무 값")
        .replace(/^no such field$/, "필드가 없어야 함")
        .replace(/ or /g, " 또는 "),
  },
  near: {
    letter_case: "대소문자만 다릅니다.",
    white_space: "앞뒤 공백만 다릅니다.",
    type: ({ wanted, found }) => `자료형이 다릅니다: 이벤트의 ${found} ≠ 패턴의 ${wanted}`,
    path_letter_case: ({ found }) => `이벤트에는 ${found}에 있습니다. 경로의 대소문자만 다릅니다.`,
    elsewhere: ({ found }) => `이벤트에는 그 값이 ${found}에 있습니다.`,
    spelling: "한 글자만 다릅니다. 오타가 아닌가요?",
    detail_type: ({ found }) => `다른 종류의 이벤트입니다: ${found}`,
    not_listed: ({ listed }) => (listed === 1 ? "패턴은 다른 이름을 원합니다." : `패턴에 적힌 이름 ${listed}개 중에 없습니다.`),
  },

  policy: {
    asked: (who, what, on) => `${josa(who, "이", "가")} ${on}에 ${what} 권한을 요청했습니다.`,
    empty: "정책에 문이 하나도 없습니다.",
    none: "정책이 없습니다.",
    statement: (name, effect) => `문 ${name} (${effect})`,
    applies: "적용됨",
    misses: "적용되지 않음",
    element: "항목",
    wanted: "정책이 원하는 값",
    seen: "요청의 값",
    absent: "없음",
    not: (name) => `${name} 제외`,
    empty_list: "빈 목록",
  },

  filter: {
    NoAttributes: "정책은 메시지 속성을 보는데 메시지에는 속성이 없습니다. EventBridge는 속성을 보내지 않습니다.",
    BodyNotJson: "정책은 본문을 보는데 본문이 JSON이 아닙니다.",
    Properties: "다음 속성이 맞지 않습니다.",
    other: (scope) => `FilterPolicyScope를 ${scope}(으)로 하면 통과합니다.`,
  },

  channel: {
    title: (name) => `#${name}`,
    short: "디스코드",
    which: "채널",
    bot: "앱",
    edited: "(수정됨)",
    webhook: "웹후크 URL 복사",
    refused: (method, status) => `디스코드가 요청을 거부했습니다: ${method}, ${status}`,
    ordered: "연습을 위해 미리 정해 둔 응답입니다.",
    answer: "디스코드의 응답",
    spoiler: "스포일러 보기",
    image: (url) => `이미지: ${url}`,
    said: (name, text) => `${name}의 새 디스코드 메시지: ${text}`,
    saidRefused: (status) => `디스코드가 메시지를 ${status}로 거부했습니다`,
    webhookLost: "실습 환경이 웹후크 URL을 주지 않았습니다",
  },

  mailbox: {
    title: "메일함",
    from: "보낸 사람",
    to: "받는 사람",
    confirm: "구독 확인",
    confirming: "확인하는 중…",
    link: "링크 열기",
    waiting: "확인 대기",
    confirmed: "확인됨",
    gone: "구독이 없어졌습니다",
    failed: (why) => `링크가 동작하지 않았습니다: ${why}`,
    event: "이벤트 보기",
    said: (to, subject) => `${to}에 새 메일: ${subject}`,
    asks: (topic) => `주제 ${josa(topic, "이", "가")} 이 주소로 경보를 보내려고 합니다. 링크를 열기 전에는 아무것도 보내지 않습니다.`,
  },

  resources: {
    title: "리소스",
    trails: "추적", rules: "규칙", topics: "주제", queues: "대기열", functions: "함수",
    security_groups: "보안 그룹", instances: "인스턴스",
    none: {
      trails: "없음: EventBridge는 어떤 호출도 알 수 없습니다", rules: "없음", topics: "없음", queues: "없음", functions: "없음",
      security_groups: "없음", instances: "없음",
    },
    logging: "로깅 중",
    stopped: "로깅 꺼짐",
    everywhere: "모든 리전",
    bucket: "버킷",
    undelivered: (error) => `로그 파일이 전달되지 않습니다: ${error}`,
    pattern: "이벤트 패턴",
    targets: "대상",
    no_targets: "대상 없음",
    transformed: "입력을 바꾸어 전달",
    enabled: "활성화됨",
    enabled_all: "활성화됨, 읽기 호출 포함",
    disabled: "비활성화됨",
    subscriptions: "구독",
    no_subscriptions: "구독자 없음",
    pending: "확인 대기",
    confirmed: "확인됨",
    raw: "원시 전달",
    filter: (scope) => `필터 정책 (${scope})`,
    policy: "정책",
    encrypted: (key) => `${key}(으)로 암호화됨`,
    visible: (n) => `대기 ${n}`,
    in_flight: (n) => `처리 중 ${n}`,
    delayed: (n) => `지연 ${n}`,
    dead: (name) => `배달 못 한 메시지는 ${name}(으)로`,
    active: "활성",
    variables: "환경 변수",
    hidden: "값은 표시하지 않습니다.",
    no_policy: "정책이 없어 아무도 호출할 수 없습니다",
    throttled: "예약된 동시성 0: 실행되지 않습니다",
    concurrency: (n) => `예약된 동시성 ${n}`,
    last_error: "마지막 오류",
    world: "전 세계에 열림",
    in: "인바운드",
    out: "아웃바운드",
    no_rules: "규칙 없음",
    all_traffic: "모든 트래픽",
    ports: (from, to) => (from === to ? `포트 ${from}` : `포트 ${from}–${to}`),
    any_kind: "모든 유형",
    kind: (n) => `유형 ${n}`,
    default: "기본 그룹",
    wears: "보안 그룹",
  },

  start: {
    flow: "AWS CLI를 이 실습 환경에 연결하고 포트를 하나 여세요. 그 뒤에 일어나는 일이 모두 여기에 나타납니다.",
    point: "1. AWS CLI를 이 실습 환경에 연결",
    act: "2. 경보 일으키기",
    channel: "경보가 글을 남기는 채널입니다. 아직 올라온 글이 없습니다.",
    url: "1. 웹후크 주소 복사 (비밀이므로 화면에 표시하지 않습니다)",
    post: "2. 글 올려 보기",
    variable: "함수에는 이 주소를 환경 변수 DISCORD_WEBHOOK_URL로 줍니다.",
    mailbox: "구독자에게 가는 메일이 여기에 도착합니다. 실습 환경 밖으로는 나가지 않습니다. 주제에 주소를 구독시키세요.",
    resources: "아직 계정의 기본 리소스 말고는 아무것도 없습니다.",
  },
};
