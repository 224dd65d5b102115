# The archive: tar -czf sourcedir.tar.gz -C src .
resource "aws_s3_object" "code" {
  bucket = "my-bucket"
  key    = "code/sourcedir.tar.gz"
  source = "sourcedir.tar.gz"
}

resource "aws_sagemaker_hyper_parameter_tuning_job" "tuning" {
  name = "digits-2026-11"

  config {
    strategy = "Bayesian"

    objective {
      type        = "Maximize"
      metric_name = "accuracy"
    }

    resource_limits {
      max_number_of_training_jobs = 20
      max_parallel_training_jobs  = 2
    }

    parameter_ranges {
      continuous_parameter_ranges {
        name         = "learning-rate"
        min_value    = "0.001"
        max_value    = "1"
        scaling_type = "Logarithmic"
      }

      categorical_parameter_ranges {
        name   = "penalty"
        values = ["\"l1\"", "\"l2\""]
      }
    }
  }

  training_job_definition {
    role_arn = "arn:aws:iam::111122223333:role/tuning"

    static_hyper_parameters = {
      epochs                     = "27"
      sagemaker_program          = "\"train.py\""
      sagemaker_submit_directory = "\"s3://my-bucket/code/sourcedir.tar.gz\""
    }

    algorithm_specification {
      training_image      = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
      training_input_mode = "File"

      metric_definitions {
        name  = "accuracy"
        regex = "accuracy=([0-9.]+)"
      }
    }

    output_data_config {
      s3_output_path = "s3://my-bucket/output/"
    }

    resource_config {
      instance_type     = "ml.m5.large"
      instance_count    = 1
      volume_size_in_gb = 30
    }

    stopping_condition {
      max_runtime_in_seconds = 3600
    }
  }

  depends_on = [aws_s3_object.code]
}
