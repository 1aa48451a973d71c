//! The JSON blocks of the specification, unmodified and in its order.

pub const STEP_2: &str = r#"{
  "TheTechLoopCache": {
    "MemoryCache": {
      "Enabled": true,
      "SizeLimit": 500,
      "CompactionPercentage": 0.30,
      "ExpirationScanFrequency": "00:01:00"
    },
    "Redis": {
      "Enabled": true,
      "Configuration": "localhost:6379",
      "InstanceName": "RealTimeApp:",
      "DefaultDatabase": 0
    },
    "DefaultAbsoluteExpiration": "00:02:00",
    "DefaultSlidingExpiration": null,
    "EnableCompression": false,
    "UseStreamsForInvalidation": true,
    "StreamConfiguration": {
      "StreamName": "cache:invalidations",
      "ConsumerGroup": "cache-invalidation-group",
      "ConsumerName": "instance-{MachineName}",
      "MaxStreamLength": 1000,
      "PollInterval": "00:00:01"
    },
    "EnableEffectivenessMetrics": true
  },
  
  "Logging": {
    "LogLevel": {
      "TheTechLoop.HybridCache": "Information"
    }
  }
}"#;

pub const STREAMS: &str = r#"{
  "TheTechLoopCache": {
    "UseStreamsForInvalidation": true,
    "StreamConfiguration": {
      "StreamName": "cache:invalidations",
      "ConsumerGroup": "cache-invalidation-group",
      "ConsumerName": "instance-{MachineName}",
      "MaxStreamLength": 1000,
      "PollInterval": "00:00:01",
      "AckTimeout": "00:00:30"
    }
  }
}"#;

pub const PUB_SUB: &str = r#"{
  "TheTechLoopCache": {
    "UseStreamsForInvalidation": false,
    "Redis": {
      "PubSubChannel": "cache:invalidations"
    }
  }
}"#;

pub const SHORTER_TTL: &str = r#"{
  "TheTechLoopCache": {
    "DefaultAbsoluteExpiration": "00:01:00"
  }
}"#;

pub const FASTER_POLL: &str = r#"{
  "TheTechLoopCache": {
    "UseStreamsForInvalidation": true,
    "StreamConfiguration": {
      "PollInterval": "00:00:00.500"
    }
  }
}"#;
