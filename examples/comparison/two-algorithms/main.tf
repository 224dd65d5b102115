resource "aws_sagemaker_hyper_parameter_tuning_job" "tuning" {
  name = "churn-two-2026-11"

  config {
    strategy = "Bayesian"

    resource_limits {
      max_number_of_training_jobs = 20
      max_parallel_training_jobs  = 2
    }
  }

  training_job_definitions {
    definition_name = "trees"
    role_arn        = "arn:aws:iam::111122223333:role/tuning"

    tuning_objective {
      type        = "Maximize"
      metric_name = "validation:auc"
    }

    hyper_parameter_ranges {
      continuous_parameter_ranges {
        name         = "eta"
        min_value    = "0.01"
        max_value    = "0.3"
        scaling_type = "Logarithmic"
      }
    }

    static_hyper_parameters = {
      objective   = "binary:logistic"
      eval_metric = "auc"
      num_round   = "100"
    }

    algorithm_specification {
      training_image      = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
      training_input_mode = "File"
    }

    input_data_config {
      channel_name = "train"
      content_type = "text/csv"

      data_source {
        s3_data_source {
          s3_data_type = "S3Prefix"
          s3_uri       = "s3://my-bucket/churn/train/"
        }
      }
    }

    input_data_config {
      channel_name = "validation"
      content_type = "text/csv"

      data_source {
        s3_data_source {
          s3_data_type = "S3Prefix"
          s3_uri       = "s3://my-bucket/churn/validation/"
        }
      }
    }

    output_data_config {
      s3_output_path = "s3://my-bucket/output/"
    }

    resource_config {
      instance_type     = "ml.m5.xlarge"
      instance_count    = 1
      volume_size_in_gb = 30
    }

    stopping_condition {
      max_runtime_in_seconds = 3600
    }
  }

  training_job_definitions {
    definition_name = "linear"
    role_arn        = "arn:aws:iam::111122223333:role/tuning"

    tuning_objective {
      type        = "Maximize"
      metric_name = "validation:roc_auc_score"
    }

    hyper_parameter_ranges {
      continuous_parameter_ranges {
        name         = "learning_rate"
        min_value    = "0.0001"
        max_value    = "0.5"
        scaling_type = "Logarithmic"
      }
    }

    static_hyper_parameters = {
      predictor_type = "binary_classifier"
    }

    algorithm_specification {
      training_image      = "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"
      training_input_mode = "File"
    }

    input_data_config {
      channel_name = "train"
      content_type = "text/csv"

      data_source {
        s3_data_source {
          s3_data_type = "S3Prefix"
          s3_uri       = "s3://my-bucket/churn/train/"
        }
      }
    }

    input_data_config {
      channel_name = "validation"
      content_type = "text/csv"

      data_source {
        s3_data_source {
          s3_data_type = "S3Prefix"
          s3_uri       = "s3://my-bucket/churn/validation/"
        }
      }
    }

    output_data_config {
      s3_output_path = "s3://my-bucket/output/"
    }

    resource_config {
      instance_type     = "ml.m5.xlarge"
      instance_count    = 1
      volume_size_in_gb = 30
    }

    stopping_condition {
      max_runtime_in_seconds = 3600
    }
  }
}
